"""Sealed content: what was written comes back, what was changed does not."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.sealed import digest_of, read_sealed, seal, unseal, write_sealed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CONTENTS = st.dictionaries(st.text().filter(lambda key: key != "digest"), VALUES, max_size=4)


@given(CONTENTS, st.text())
def test_what_was_sealed_comes_back_from_json(content, after):
    assert unseal(json.loads(json.dumps(seal(content, after))), after) == content


@given(CONTENTS, CONTENTS, st.sampled_from(["", "a"]), st.sampled_from(["", "a"]))
def test_a_digest_fits_one_content_behind_one_other(content, other, after, elsewhere):
    assume(json.dumps(content, sort_keys=True) != json.dumps(other, sort_keys=True) or after != elsewhere)
    with pytest.raises(ArchflowError, match="does not fit its digest"):
        unseal({**other, "digest": digest_of(seal(content, after))}, elsewhere)


@given(st.binary(min_size=1, max_size=3), st.data())
def test_a_file_with_other_bytes_gives_the_same_content_or_an_error(tmp_path_factory, bytes_, data):
    path = tmp_path_factory.mktemp("sealed") / "x.json"
    content = {"tau": [0.25, -1], "name": "ä", "more": {"a": None, "b": [True]}}
    write_sealed(path, content)
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at : at + len(bytes_)] = bytes_
    path.write_bytes(whole)
    try:
        found, line = read_sealed(path), f"{path}: sound"
    except ArchflowError as error:
        found, line = content, str(error)
    assert found == content
    assert line.startswith(f"{path}: ")
    assert "\n" not in line


@pytest.mark.parametrize("content", [{}, [], None, 3, {"digest": 3}, {"digest": ""}, {"tau": 1}, "digest"])
def test_what_carries_no_digest_is_refused(content, tmp_path: Path):
    with pytest.raises(ArchflowError, match="carries no digest"):
        unseal(content)
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(ArchflowError, match=r"x\.json: it carries no digest"):
        read_sealed(tmp_path / "x.json")


def test_numbers_that_json_has_not_and_depth_are_an_error():
    for content in ({"a": float("nan")}, {"a": float("inf")}):
        with pytest.raises(ArchflowError, match="does not fit"):
            unseal({**content, "digest": "0" * 16})
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ArchflowError, match="does not fit"):
        unseal({"a": deep, "digest": "0" * 16})
    while deep:  # its own destructor would recurse
        deep = deep.pop()
