from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.spaces.fbnet import BLOCKS, FBNet
from archflow.testing import check_search_space
from tests.spaces.same_graphs import assert_parses_as_the_table, table_of

SPACE = FBNet()
GOOD = "7,8,1,8,4,8,8,8,7,4,1,4,7,3,2,7,3,2,4,2,4,5"


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)
    assert SPACE.size == 9**22


@given(st.lists(st.integers(0, 8), min_size=22, max_size=22))
def test_native_strings_are_the_numbers_of_the_blocks(numbers: list[int]) -> None:
    text = ",".join(map(str, numbers))
    architecture = SPACE.parse(text)
    assert architecture.ops == ("input", *("skip" if number == 8 else "mbconv" for number in numbers), "output")
    assert SPACE.format(architecture) == text


def test_every_name_says_its_attributes() -> None:
    for name, values in BLOCKS.items():
        kernel, expansion, groups = (values.get(key) for key in ("kernel", "expansion", "groups"))
        assert name == ("skip" if kernel is None else f"k{kernel}_e{expansion}" + ("_g2" if groups == 2 else ""))


def test_nodes_have_the_attributes_of_their_block_and_stage() -> None:
    nan = np.nan
    attributes = SPACE.parse(GOOD).attributes
    assert attributes.keys() == set(SPACE.attribute_names) == {"kernel", "expansion", "groups", "channels", "stride"}
    for name, values in {
        "kernel": [nan, 5, nan, 3, nan, 5],
        "expansion": [nan, 6, nan, 1, nan, 1],
        "groups": [nan, 1, nan, 2, nan, 1],
        "channels": [nan, 16, 24, 24, 24, 24, 32],
        "stride": [nan, 1, 2, 1, 1, 1, 2],
    }.items():
        np.testing.assert_array_equal(attributes[name][: len(values)], values, err_msg=name)
    assert attributes["channels"][-2] == 352
    assert np.isnan(attributes["channels"][-1])


def test_skips_within_a_stage_are_one_network() -> None:
    def form(*moved: int) -> str:
        numbers = [0] * 22
        for place in moved:
            numbers[place] = 8
        return SPACE.canonical(SPACE.parse(",".join(map(str, numbers))))

    assert form(2) == form(3) == form(4) == form(4)
    assert len({form(1), form(2), form(6), form(5), form(21)}) == 5  # 1, 5 and 21 begin a stage, 6 is in another


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("7", "9", 1), "'9' at character 1 is not one of 0, 1"),
        (GOOD.replace("4,5", "4,05"), "'05' at character 43"),
        (GOOD.replace(",", ", ", 1), "' 8' at character 3"),
        (GOOD + ",1", "should end before character 45, remove '1'"),
        (GOOD[:-2], "ends at character 41 after 21 choices of 22"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        SPACE.parse(text)


def test_graphs_of_the_real_table(data_folder: Path) -> None:
    table = table_of(data_folder, "fbnet_latency", SPACE)
    assert_parses_as_the_table(SPACE, table)
    assert table.architectures.vocabulary.ops == ("input", "output", "mbconv", "skip")
    assert table.native is not None
    assert [SPACE.format(a) for a in table.architectures.select(np.arange(300))] == table.native[:300]
