import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.spaces.nasbench_macro import NASBenchMacro
from archflow.testing import check_search_space

SPACE = NASBenchMacro()
codes = st.text(alphabet="012", min_size=8, max_size=8)


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)


@given(codes)
def test_native_strings_are_a_digit_a_layer(text: str) -> None:
    architecture = SPACE.parse(text)
    assert architecture.ops == ("input", *(("identity", "mb3_k3", "mb6_k5")[int(digit)] for digit in text), "output")
    assert SPACE.format(architecture) == text


def network(text: str) -> list[tuple[str, ...]]:
    """The layers that compute something, by stage: first layers change the shape, whatever they are."""
    return [
        (text[start], *(digit for digit in text[start + 1 : end] if digit != "0"))
        for start, end in ((0, 2), (2, 5), (5, 8))
    ]


@given(codes, codes)
def test_canonical_forms_are_the_networks(one: str, other: str) -> None:
    forms = [SPACE.canonical(SPACE.parse(text)) for text in (one, other)]
    assert (forms[0] == forms[1]) == (network(one) == network(other))
    assert network(forms[0]) == network(one)


def test_there_are_3969_networks() -> None:
    everything = SPACE.enumerate()
    assert len(everything) == 3**8
    assert len({SPACE.canonical(a) for a in everything}) == (3 * 3) * (3 * 7) ** 2 == 3969


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("01203222", "'3' at character 5 is none of 0, 1, 2"),
        ("0120122", "ends at character 7 after 7 choices of 8"),
        ("012012221", "should end before character 9, remove '1'"),
        ("0120122٢", "'٢' at character 8"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        SPACE.parse(text)
