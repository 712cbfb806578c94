"""Damaged, truncated and oversized files: inert data or one line that says what is wrong, at little cost."""

import os
import pickle
import struct
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data import safe_pickle
from archflow.data.pickled_arrays import NUMPY_NAMES, array, columns, number
from archflow.data.safe_pickle import Call, Name, parse_pickle, read_pickle, read_torch_file
from archflow.errors import ArchflowError

PROTO = b"\x80\x04"


def parse(content: bytes, allowed=()) -> Any:
    return parse_pickle(content, allowed, "here")


@pytest.mark.parametrize(
    "content",
    [
        b"\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
        b"\x8d" + struct.pack("<Q", (1 << 64) - 1) + b".",
        b"X" + struct.pack("<I", 0xFFFFFFFF) + b"x.",
        b"Nr" + struct.pack("<I", 0xFFFFFFFF) + b"j" + struct.pack("<I", 0xFFFFFFFE) + b".",
        b"\x8a\xff" + b"\x01" * 255 + b".",
        b"\x95" + struct.pack("<Q", 1 << 62) + b"N",
    ],
)
def test_what_a_file_claims_to_hold_costs_nothing(content):
    tracemalloc.start()
    with pytest.raises(ArchflowError):
        parse(PROTO + content)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_work_and_size_are_bounded(monkeypatch, tmp_path):
    monkeypatch.setattr(safe_pickle, "MOST_INSTRUCTIONS", 1000)
    with pytest.raises(ArchflowError, match="more than 1,000 instructions"):
        parse(PROTO + b"(" + b"]" * 2000 + b"l.")
    monkeypatch.setattr(safe_pickle, "MOST_BYTES", 1 << 16)
    (tmp_path / "large").write_bytes(pickle.dumps(b"x" * (1 << 17)))
    with pytest.raises(ArchflowError, match="too large"):
        read_pickle(tmp_path / "large")
    for kind, reason in ((zipfile.ZIP_DEFLATED, "compressed"), (zipfile.ZIP_STORED, "too large")):
        with zipfile.ZipFile(tmp_path / "bomb.pt", "w", kind) as archive:
            archive.writestr("archive/data.pkl", bytes(1 << 25))
        tracemalloc.start()
        with pytest.raises(ArchflowError, match=reason):
            read_torch_file(tmp_path / "bomb.pt")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()


@pytest.mark.parametrize("at", [1, -1])
def test_keys_that_collide_are_refused_at_the_first(at):
    """With 60,000 multiples of one number, all of hash 0, a dictionary compares 1.8 thousand million pairs."""
    colliding = {i * at * ((1 << 61) - 1): None for i in range(1, 3)}
    assert len({hash(key) for key in colliding}) == 1
    with pytest.raises(ArchflowError, match="a key that is too large"):
        parse(pickle.dumps(colliding))
    own = {safe_pickle.LARGEST_KEY: 1, -safe_pickle.LARGEST_KEY: 2, "x" * safe_pickle.LONGEST_KEY: 3, b"": 4}
    assert parse(pickle.dumps(own)) == own


def test_long_keys_that_are_compared_again_and_again_are_refused():
    first, second = (b"X" + struct.pack("<I", 1 << 20) + b"k" * (1 << 20) + b"\x94" for _ in range(2))
    with pytest.raises(ArchflowError, match="a key that is too large"):
        parse(PROTO + b"}(" + first + b"N" + second + b"N" + b"h\x01N" * 1000 + b"u.")


def test_deep_nesting_and_laughs_do_no_harm():
    deep = parse(PROTO + b"]" + b"]" * 200_000 + b"a" * 200_000 + b".")
    for read in (number, array, columns):
        with pytest.raises(ArchflowError, match="type list"):
            read(deep)
    # Each list holds the one before ten times: 10**40 leaves if anyone unfolded it.
    laughs = b"".join(b"](" + (b"h" + bytes([i])) * 10 + b"e\x94" for i in range(40))
    folded = parse(PROTO + b"(]\x94" + laughs + b"t.")
    with pytest.raises(ArchflowError, match="type tuple"):
        columns(folded)


def test_truncated_streams_are_said_to_be(tmp_path):
    whole = pickle.dumps({"a": [1.5, "text", b"bytes"], "b": (None, True, -7, 1 << 40)})
    for end in range(len(whole)):
        with pytest.raises(ArchflowError):
            parse(whole[:end])
    with pytest.raises(ArchflowError, match="truncated"):
        parse(whole[:-1])
    with pytest.raises(ArchflowError, match="more than one object"):
        parse(whole + b"N.")
    with pytest.raises(ArchflowError, match="cannot be read"):
        read_pickle(tmp_path / "absent")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_gives_data_or_one_error(at, change):
    content = bytearray(pickle.dumps({i: {"perf": np.float64(i), "x": [i, "y", (None,)]} for i in range(5)}, 4))
    content[at % len(content)] ^= change
    gives_data_or_one_line(bytes(content))


@given(st.binary(max_size=200))
def test_noise_gives_data_or_one_error(noise):
    gives_data_or_one_line(PROTO + noise + b".")


def gives_data_or_one_line(content: bytes) -> None:
    refusal = ""
    try:
        read = parse(content, NUMPY_NAMES)
    except ArchflowError as error:
        read, refusal = None, str(error)
    assert only_plain(read)
    assert "\n" not in refusal


def only_plain(value: Any) -> bool:
    """Nothing but inert data came out; a damaged pickle may hold itself."""
    waiting, seen = [value], {}
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        if type(one) is Call:
            assert one.function in NUMPY_NAMES
            waiting += [*one.arguments, one.state]
        elif type(one) is dict:
            waiting += [*one, *one.values()]
        elif type(one) in (list, tuple):
            waiting += one
        elif type(one) not in (str, bytes, int, float, bool, type(None), Name):
            return False
    return True


def test_torch_files_of_plain_data_are_read_and_others_refused(tmp_path):
    import torch

    torch.save({"a": [1.5, 2.5]}, tmp_path / "plain.pt")
    assert read_torch_file(tmp_path / "plain.pt") == {"a": [1.5, 2.5]}
    torch.save([torch.zeros(2)], tmp_path / "tensor.pt")
    with pytest.raises(ArchflowError, match=r"torch\._utils\._rebuild_tensor"):
        read_torch_file(tmp_path / "tensor.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "plain.pt").read_bytes()[:-60])
    (tmp_path / "text.pt").write_text("no archive")
    for name in ("cut.pt", "text.pt"):
        with pytest.raises(ArchflowError, match="not a whole torch file"):
            read_torch_file(tmp_path / name)
    os.mkfifo(tmp_path / "pipe")
    for read in (read_torch_file, read_pickle):
        with pytest.raises(ArchflowError, match=r"absent: cannot be read \(No such file"):
            read(tmp_path / "absent")
        with pytest.raises(ArchflowError, match="is a pipe or a device"):
            read(tmp_path / "pipe")
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(ArchflowError, match="0 entries"):
        read_torch_file(tmp_path / "other.pt")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_torch_file_gives_data_or_one_error(tmp_path_factory, at, change):
    path = tmp_path_factory.mktemp("torch") / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1.5, "text"], 2))
        archive.writestr("archive/version", "3")
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= change
    path.write_bytes(content)
    refusal = ""
    try:
        read = read_torch_file(path)
    except ArchflowError as error:
        read, refusal = None, str(error)
    assert only_plain(read)
    assert "\n" not in refusal
