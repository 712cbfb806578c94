import pytest

from archflow.errors import ArchflowError
from archflow.features.saved import entry, integers, lists, texts

ABOUT = {"names": ["a", "b"], "codes": [0, 4], "pairs": [[1, 2], [3, 4]]}


def test_what_was_described_is_read_back():
    assert entry(ABOUT, "codes") == [0, 4]
    assert texts(ABOUT, "names") == ("a", "b")
    assert integers(ABOUT["codes"], "codes", 5) == (0, 4)
    assert lists(ABOUT, "pairs", 2) == lists(ABOUT, "pairs") == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "read",
    [
        lambda: entry(ABOUT, "other"),
        lambda: entry(["names"], "names"),
        lambda: texts(ABOUT, "codes"),
        lambda: texts({"names": "ab"}, "names"),
        lambda: texts({"names": ["a", ""]}, "names"),
        lambda: integers([0, 5], "codes", 5),
        lambda: integers([-1], "codes", 5),
        lambda: integers([True], "codes", 5),
        lambda: integers([1.0], "codes", 5),
        lambda: lists(ABOUT, "pairs", 3),
        lambda: lists(ABOUT, "codes"),
    ],
)
def test_a_damaged_description_is_refused(read):
    with pytest.raises(
        ArchflowError, match=r"^features: their description is damaged \(.*\); fit the predictor again$"
    ):
        read()
