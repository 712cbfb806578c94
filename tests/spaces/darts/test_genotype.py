import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.darts.graph import CELLS, OPERATIONS, STEPS
from tests.spaces.darts_genotypes import COMPACT, GENOTYPE, JSON, SPACE, genotypes, samples


@pytest.fixture
def usual_recursion() -> Iterator[None]:
    """Python's own limit on recursion: torch raises it for the whole process when it compiles a network."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


def test_three_forms_name_one_genotype() -> None:
    assert SPACE.parse(GENOTYPE) == SPACE.parse(COMPACT) == SPACE.parse(JSON)
    assert SPACE.format(SPACE.parse(GENOTYPE)) == JSON
    assert SPACE.genotype(SPACE.parse(JSON)) == GENOTYPE.replace("[2, 3, 4, 5]", "range(2, 6)")
    assert SPACE.compact(SPACE.parse(JSON)) == COMPACT


@given(genotypes())
def test_named_forms_and_parse_are_inverse(genotype: Architecture) -> None:
    assert SPACE.parse(SPACE.format(genotype)) == genotype
    assert SPACE.parse(SPACE.genotype(genotype)) == genotype


@given(genotypes(range(1, len(OPERATIONS))))
def test_compact_form_and_parse_are_inverse(genotype: Architecture) -> None:
    assert SPACE.parse(SPACE.compact(genotype)) == genotype


def test_compact_form_has_no_number_for_none() -> None:
    with pytest.raises(ArchflowError, match="no number for none"):
        SPACE.compact(SPACE.parse(JSON.replace("dil_conv_3x3", "none")))


@pytest.mark.parametrize(
    "text",
    [
        GENOTYPE.replace(" ", ""),
        GENOTYPE.replace(", ", ",\n    ").replace(")]", "),\n]"),
        GENOTYPE.replace("'", '"').replace("[", "(").replace("]", ")"),
        GENOTYPE.replace("normal_concat=[2, 3, 4, 5], ", ""),
        JSON.replace(', "reduce"', ', "normal_concat": [2, 3, 4, 5], "reduce"'),
        "{" + JSON[JSON.index('"reduce"') : -1] + ", " + JSON[1 : JSON.index(', "reduce"')] + "}",
        COMPACT.replace("(", "[").replace(")", "]"),
    ],
)
def test_spaces_quotes_brackets_and_order_of_fields_are_free(text: str) -> None:
    assert SPACE.parse(text) == SPACE.parse(JSON)


def by_node(text: str) -> str:
    """The operations of every intermediate node in brackets of their own."""
    step = r"[(\[][^()\[\]]+, \d[)\]]"
    return re.sub(rf"({step}, {step})", r"[\1]", text)


@pytest.mark.parametrize(
    "text",
    [
        f"DARTS_V2 = {GENOTYPE}",
        f"  DARTS_V2={GENOTYPE}\n",
        f"genotypes.{GENOTYPE}",
        f"best = nas.genotypes . {GENOTYPE}",
        f"cell = {JSON}",
        re.sub(r"\b(\d)([,)\]])", r"np.int64(\1)\2", GENOTYPE),
        re.sub(r"\b(\d)([,)\]])", r"numpy.int32(\1)\2", COMPACT),
        re.sub(r"('\w+')", r"np.str_(\1)", GENOTYPE),
        by_node(GENOTYPE),
        by_node(JSON),
    ],
)
def test_forms_that_files_hold_are_read(text: str) -> None:
    assert SPACE.parse(text) == SPACE.parse(JSON)


def aw_nas(text):
    """The format of aw_nas: the node behind its predecessor, and other names."""
    count = iter(range(16))
    text = re.sub(r"', (\d)\)", lambda step: f"', {step[1]}, {2 + next(count) % 8 // 2})", text)
    return "CNN" + text.replace("normal", "normal_0").replace("reduce", "reduce_1")


def nni(listed=False):
    """The format of NNI."""
    found = {}
    for cell, steps in json.loads(JSON).items():
        for number, (op, predecessor) in enumerate(steps):
            at = f"{2 + number // 2}_{number % 2}"
            found |= {f"{cell}/op_{at}": op, f"{cell}/input_{at}": [predecessor] if listed else predecessor}
    return found


def test_what_aw_nas_and_nni_write() -> None:
    text = aw_nas(GENOTYPE)
    assert text.startswith(
        "CNNGenotype(normal_0=[('sep_conv_3x3', 0, 2), ('sep_conv_3x3', 1, 2), ('sep_conv_3x3', 0, 3)"
    )
    for form in (text, f"best = aw_nas.{text}", str(nni()), json.dumps(nni(listed=True))):
        assert SPACE.parse(form) == SPACE.parse(JSON)
    missing = nni()
    del missing["reduce/op_3_1"]
    for form, message in (
        (text.replace("0, 2)", "0, 3)", 1), r"the node \(2\) at character"),
        (text.replace("reduce_1=", "reduce_2="), "a field"),
        (str(missing), "the key reduce/op_3_1 at"),
        (str(nni() | {"normal/op_9_0": "none"}), "no further key at character .*normal/op_9_0"),
        (str(nni() | {"normal/input_2_0": 3}), "a predecessor"),
    ):
        with pytest.raises(ArchflowError, match=message):
            SPACE.parse(form)


@pytest.mark.parametrize("around", ['"{}"', "'{}'", " `{}`\n", "\t{}  "])
def test_blanks_and_quotes_around_it(around: str) -> None:
    assert SPACE.parse(around.format(COMPACT)) == SPACE.parse(JSON)


def test_nested_by_node() -> None:
    nested = by_node(GENOTYPE)
    assert nested.startswith("Genotype(normal=[[('sep_conv_3x3', 0), ('sep_conv_3x3', 1)], [('sep_conv_3x3', 0),")
    with pytest.raises(ArchflowError, match=r"a list of 2 at character 18, found .\[\("):
        SPACE.parse(nested.replace("1)], ", "1), ('none', 0)], ", 1))


def test_nothing_is_evaluated(tmp_path: Path) -> None:
    call = f"open('{tmp_path / 'ran'}', 'w')"
    for text in (call, GENOTYPE.replace("[2, 3, 4, 5]", call), GENOTYPE.replace("0)", f"{call})"), f"{{{call}: 1}}"):
        with pytest.raises(ArchflowError, match=r"expected .*found .*open"):
            SPACE.parse(text)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            JSON.replace('"dil_conv_3x3"', '"dil_conv_3x"'),
            r"an operation \('none', .*\) at character 161, found",
        ),
        (JSON.replace('["skip_connect", 0]', '["skip_connect", 4]', 1), r"\(0, 1, 2, 3\) at character 135, found '4"),
        (JSON.replace('["sep_conv_3x3", 0]', '["sep_conv_3x3", -1]', 1), r"predecessor \(0, 1\) at character 30"),
        (
            JSON.replace('"sep_conv_3x3"', "sep_conv_3x3", 1),
            r"an operation \('none', .*\) at character 14, found 'sep_conv_3x3, 0",
        ),
        (JSON.replace('["skip_connect", 0], ', "", 1), r"8 operations, not 7 at character 158, found '\], "),
        (
            JSON.replace('], "reduce"', ', ["none", 0]], "reduce"'),
            r"8 operations, not 9 at character 181, found '\[\"none",
        ),
        (JSON.replace('"reduce"', '"normal"'), r"a field \(reduce, normal_concat, reduce_concat\) at character 182"),
        (JSON[: JSON.index(', "reduce"')] + "}", "the cell reduce at character 180, found '}'"),
        (JSON[:-1], r"'{' was never closed\) at character 1, found"),
        (JSON + "}", r"unmatched '}'\) at character 361, found '}'"),
        (
            GENOTYPE.replace("[2, 3, 4, 5]", "range(1, 6)", 1),
            r"an intermediate node \(2\) at character 207, found \"1, 6",
        ),
        (GENOTYPE.replace("[2, 3, 4, 5]", "[3, 4, 5]", 1), "a list of 4 at character 201"),
        (
            COMPACT.replace("(0, 3)", "(0, 7)", 1),
            r"an operation \(0, 1, 2, 3, 4, 5, 6\) at character 7, found '7",
        ),
        (COMPACT.replace("(2, 5))", "(2, 5)]"), r"closing parenthesis '\]' does not match .* at character 65"),
        ("", "a genotype .* at character 1, found the end"),
        ("|none~0|", "at character 1, found"),
        ("1", r"expected .*Genotype\(normal=.* at character 1, found '1'"),
        ("[" * 5000, r"too many nested parentheses\) at character 201"),
        ("-" * 9000 + "1", "at character 1, found '---"),
        ("(" * 199 + ")" * 199, "expected .*Genotype"),
        ("a" + ".a" * 4900, "nested too deeply"),
        (JSON + " " * 10_000 + "}", "expected the end at character 10001"),
        (JSON.replace("none", "n").replace("sep_conv", "s\u00e9p_conv", 1), "ASCII text at character 16"),
        (JSON.replace(": [[", ": [\0[", 1), "ASCII text at character 13"),
        (JSON.replace("sep_conv", "\\x73ep_conv", 1), "ASCII text at character 15"),
        (JSON.replace(", 0]", ", True]", 1), "a predecessor"),
        (JSON.replace(", 0]", ", 0.0]", 1), "a predecessor"),
        (JSON.replace(", 0]", ", 1 - 1]", 1), "a predecessor"),
        (GENOTYPE.replace("0)", "np.zeros(0))", 1), r"a predecessor \(0, 1\) at character 35, found \"np.zeros"),
        (GENOTYPE.replace("0)", "int(0))", 1), "a predecessor"),
        (GENOTYPE.replace("normal=", "**", 1), "a field"),
        (GENOTYPE.replace("reduce=", "normal=", 1), r"a field \(reduce, reduce_concat\)"),
        (GENOTYPE.replace("Genotype", "print"), "expected .*Genotype"),
        (GENOTYPE.replace("Genotype", "Genotype()"), "expected .*Genotype"),
        (f"import os; {GENOTYPE}", "at character 1"),
    ],
)
def test_typos_are_located(text: str, message: str, usual_recursion: None) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(samples(), st.sampled_from([SPACE.format, SPACE.genotype]), st.integers(0, CELLS * STEPS - 1))
def test_a_wrong_operation_is_located(genotype: Architecture, write: Callable[[Architecture], str], which: int) -> None:
    text = write(genotype)
    start, end = [match.span(2) for match in re.finditer(r"""(["'])(\w+_\w+)\1""", text)][which]
    with pytest.raises(ArchflowError, match=rf"at character {start}, found .{{1,3}}conv"):
        SPACE.parse(text[:start] + "conv" + text[end:])


@given(samples(), st.sampled_from([SPACE.format, SPACE.genotype, SPACE.compact]), st.data())
def test_damaged_strings_are_refused(
    genotype: Architecture, write: Callable[[Architecture], str], data: st.DataObject
) -> None:
    text = write(genotype)
    at = data.draw(st.sampled_from([i for i, character in enumerate(text) if character != " "]))
    with pytest.raises(ArchflowError, match=r"at character \d+"):
        SPACE.parse(text[:at] + text[at + 1 :])


@given(st.text() | st.text("Genotype()[]{}'\"=,.:0123 \n#-*np"))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    with pytest.raises(ArchflowError, match=r"^genotype: expected .* at character \d+, found .*$"):
        SPACE.parse(text)
