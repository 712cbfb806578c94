import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.spaces.nats_size import NATSSize
from archflow.testing import check_search_space

SPACE = NATSSize()


def test_the_space_holds_the_contract() -> None:
    check_search_space(SPACE)


@given(st.lists(st.sampled_from(range(8, 65, 8)), min_size=5, max_size=5))
def test_native_strings_are_the_channels(channels: list[int]) -> None:
    text = ":".join(map(str, channels))
    architecture = SPACE.parse(text)
    assert architecture.ops == ("input", *["layer"] * 5, "output")
    assert list(architecture.attributes["channels"][1:-1]) == channels
    assert SPACE.format(architecture) == text


def test_enumeration_is_the_whole_space() -> None:
    everything = SPACE.enumerate()
    assert len(everything) == SPACE.size == 8**5
    channels = everything.attribute("channels").reshape(-1, 7)[:, 1:-1]
    assert len(np.unique(channels, axis=0)) == 8**5
    assert SPACE.format(everything[1]) == "8:8:8:8:16"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8:16:24:32:12", "'12' at character 12 is not one of 8, 16, 24, 32, 40, 48, 56, 64"),
        ("8:16:24:32", "ends at character 10 after 4 choices of 5"),
        ("8-16-24-32-40", "'8-16-24-32-40' at character 1"),
        ("8:16:24:32:40:48", "should end before character 15, remove '48'"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        SPACE.parse(text)
