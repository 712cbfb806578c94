import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.graph.text_lists import split_lists, written


def lists_of(*texts: str, numbers: bool = False) -> list[list[str | None]]:
    return split_lists(pa.array(texts), "ops", numbers=numbers).to_pylist()


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("[input, conv3x3, output]", ["input", "conv3x3", "output"]),
        ("(input, conv3x3,)", ["input", "conv3x3"]),
        ("input,conv3x3", ["input", "conv3x3"]),
        ("[max pool, a-b~1]", ["max pool", "a-b~1"]),
        ("[input,\r\n  conv,\n output\n]", ["input", "conv", "output"]),
        ('["input", "Conv2d(3, 64)", "ReLU"]', ["input", "Conv2d(3, 64)", "ReLU"]),
        ('[\n "input",\n "conv"\n]', ["input", "conv"]),
        ("['input', 'it\\'s', \"b]\"]", ["input", "it's", "b]"]),
        ('["\\u00e9\\n", " a "]', ["é\n", " a "]),
        ("['input' 'conv'\n 'output']", ["input", "conv", "output"]),
        ("[np.str_('input'), np.str_('conv, 3')]", ["input", "conv, 3"]),
        ("[np.int64(0), numpy.int64( 1 )]", ["0", "1"]),
        ('["null", null, "nan"]', ["null", None, "nan"]),
        ("[null, none, None, a]", [None, "none", None, "a"]),
        ("[0, 1.5, NaN]", ["0", "1.5", None]),
        ("[]", []),
        ("( )", []),
        ("", []),
    ],
)
def test_a_list_is_read_in_every_form_that_programs_write(text, entries):
    assert lists_of(text) == [entries]
    assert lists_of("[a]", text, "b", text) == [["a"], entries, ["b"], entries]


@pytest.mark.parametrize("text", ["[0 1]", "[ 0\n  1 ]", "0 1", "[0, 1]", "(np.int64(0), 1)", "['0', '1']"])
def test_numbers_may_have_blanks_between_them(text):
    assert lists_of(text, numbers=True) == [["0", "1"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[input, conv", "its brackets do not match"),
        ("input, conv]", "its brackets do not match"),
        ("[input, conv)", "its brackets do not match"),
        ("[", "its brackets do not match"),
        ("[conv (3), pool]", "at character 7"),
        ("[[a], [b]]", "at character 2"),
        ('[["a"], ["b"]]', "neither texts nor numbers"),
        ('["a", true]', "neither texts nor numbers"),
        ('{"a": 1}', "at character 1"),
        ("['a' 'b', 'c']", "a comma is missing"),
        ("['a''b']", "a comma is missing"),
        ('["a", "b]', "at character 7"),
        ("['a\\d']", "escapes nothing"),
        ('["\\ud800"]', "surrogates"),
        ("[a\nb, c]", "line break inside"),
        ("[" * 100_000, "its brackets do not match"),
    ],
)
def test_what_is_no_list_is_refused_by_row(text, reason):
    with pytest.raises(ArchflowError, match=reason) as caught:
        lists_of("[a]", text, text)
    assert str(caught.value).startswith("row 1: ops ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


ENTRIES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


@given(st.lists(st.lists(ENTRIES, max_size=4), min_size=1, max_size=4))
def test_what_is_written_is_read_back(lists):
    column = pa.array(lists, pa.list_(pa.string()))
    assert split_lists(written(column), "ops", numbers=False).to_pylist() == lists


@given(st.lists(st.lists(ENTRIES, min_size=1, max_size=4), min_size=1, max_size=4))
def test_json_and_python_lists_are_read_as_their_parsers_read_them(lists):
    assert lists_of(*map(json.dumps, lists)) == lists
    assert lists_of(*map(repr, lists)) == lists


@given(st.text(st.sampled_from("ab0,'\"[]() \n\\"), max_size=12))
def test_no_text_gives_entries_that_hold_what_was_syntax(text):
    """Brackets, quotes and commas are in an entry only if quotes are round it."""
    try:
        (entries,) = lists_of(text)
    except ArchflowError:
        return
    if "'" not in text and '"' not in text:
        assert all(entry is None or not set(entry) & set("[]()',\"\n") for entry in entries)


def test_many_lists_cost_one_pass():
    """40,000 rows of which 20,000 need the parser: with a pass per row this would not end."""
    texts = [f'["a{i}", "b, c"]' if i % 2 else f"[a{i}, b]" for i in range(40_000)]
    assert lists_of(*texts)[-1] == ["a39999", "b, c"]


@pytest.mark.parametrize("text", ["[True]", "[0x0]", "[0.5]", "[-1]", "[1e0]"])
def test_what_is_no_node_index_is_refused_in_text(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(f'ops,edge_src,edge_dst\n"[a, b]","{text}","[1]"\n')
    with pytest.raises(ArchflowError, match="row 0: "):
        read_table(path)
