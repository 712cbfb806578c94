from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.spaces.nasbench_macro import NASBenchMacro
from archflow.testing import check_search_space
from tests.spaces.same_graphs import table_of

SPACE = NASBenchMacro()
codes = st.text(alphabet="012", min_size=8, max_size=8)


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)


@given(codes)
def test_native_strings_are_a_digit_a_layer(text: str) -> None:
    architecture = SPACE.parse(text)
    assert architecture.ops == ("input", *("identity" if digit == "0" else "mbconv" for digit in text), "output")
    for name, values in {"kernel": [np.nan, 3, 5], "expansion": [np.nan, 3, 6]}.items():
        found = architecture.attributes.get(name, [np.nan] * 10)  # a column of identities alone is dropped
        np.testing.assert_array_equal(found[1:-1], [values[int(digit)] for digit in text])
    assert architecture.attributes["channels"][1:-1] == (64, 64, 128, 128, 128, 256, 256, 256)
    assert architecture.attributes["stride"][1:-1] == (2, 1, 2, 1, 1, 2, 1, 1)
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
        ("01203222", "'3' at character 5 is not one of 0, 1, 2"),
        ("0120122", "ends at character 7 after 7 choices of 8"),
        ("012012221", "should end before character 9, remove '1'"),
        ("0120122٢", "'٢' at character 8"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        SPACE.parse(text)


def test_graphs_of_the_real_table(data_folder: Path) -> None:
    table = table_of(data_folder, "nb_macro", SPACE)
    assert len({SPACE.format(a) for a in table.architectures}) == 6561


def test_the_attributes_explain_the_parameters_of_the_real_table(data_folder: Path) -> None:
    """A mobile block from c to d channels: two 1x1 convolutions and a depth-wise one, each with its normalisation."""
    table = table_of(data_folder, "nb_macro", SPACE).select(np.arange(0, 6561, 7))
    kernel, expansion, channels = (
        table.architectures.attribute(name).reshape(-1, 10)[:, 1:-1] for name in ("kernel", "expansion", "channels")
    )
    before = np.c_[np.full(len(table), 32), channels[:, :-1]]
    wide = expansion * before
    block = before * wide + wide * kernel**2 + wide * channels + 2 * (2 * wide + channels)
    moved = SPACE.conform(table.architectures).attribute("stride").reshape(-1, 10)[:, 1:-1] == 2
    shortcut = np.where(moved, before * channels + 2 * channels, 0)
    total = np.where(np.isnan(kernel), shortcut, block).sum(1)
    assert len(np.unique(table.metric("params") - total)) == 1  # stem and classifier, which all networks share
