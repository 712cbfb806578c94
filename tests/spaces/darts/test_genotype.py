import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.darts.graph import CELLS, OPERATIONS, STEPS
from tests.spaces.darts_genotypes import COMPACT, GENOTYPE, JSON, SPACE, genotypes, samples


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            JSON.replace('"dil_conv_3x3"', '"dil_conv_3x"'),
            r"an operation \(none, .*\) in quotes at character 161, found",
        ),
        (JSON.replace('["skip_connect", 0]', '["skip_connect", 4]', 1), r"\(0, 1, 2, 3\) at character 135, found '4"),
        (JSON.replace('["sep_conv_3x3", 0]', '["sep_conv_3x3", -1]', 1), r"predecessor \(0, 1\) at character 30"),
        (JSON.replace('"sep_conv_3x3"', "sep_conv_3x3", 1), "in quotes at character 14, found 'sep_conv_3x3, 0"),
        (JSON.replace('["skip_connect", 0], ', "", 1), r"expected ',' at character 158, found '\], "),
        (JSON.replace('], "reduce"', ', ["none", 0]], "reduce"'), r"expected '\]' at character 181"),
        (JSON.replace('"reduce"', '"normal"'), r"a field \(reduce, normal_concat, reduce_concat\) in quotes"),
        (JSON[: JSON.index(', "reduce"')] + "}", "expected ',' and the cell reduce at character 180, found '}'"),
        (JSON[:-1], r"expected '}' at character 360, found the end"),
        (JSON + "}", "expected the end at character 361, found '}'"),
        (GENOTYPE.replace("[2, 3, 4, 5]", "range(1, 6)", 1), "expected '2' at character 207, found \"1, 6"),
        (GENOTYPE.replace("[2, 3, 4, 5]", "[3, 4, 5]", 1), r"expected '2' at character 202"),
        (
            COMPACT.replace("(0, 3)", "(0, 7)", 1),
            r"the number of an operation \(0, 1, 2, 3, 4, 5, 6\) at character 7, found '7",
        ),
        (COMPACT.replace("(2, 5))", "(2, 5)]"), r"expected '\)' at character 65"),
        ("", r"expected .*Genotype.* at character 1, found the end"),
        ("|none~0|", "at character 1, found"),
        ("[" * 5000, "a predecessor"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
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


@given(st.text())
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    with pytest.raises(ArchflowError, match=r"^genotype: expected .* at character \d+, found .*$"):
        SPACE.parse(text)
