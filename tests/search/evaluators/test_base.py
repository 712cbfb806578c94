import pytest

from archflow.errors import ArchflowError
from archflow.search.evaluators.base import LARGEST, LONGEST, checked, failure_of


def test_numbers_come_back_by_name():
    assert checked({"acc": 1, 3: "0.5", "loss": float("nan"), "norm": 1e300}, ("acc",)) == {"acc": 1.0, "3": 0.5}


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([1.0], r"gave \[1.0\], not metrics by name"),
        ({"acc": "high"}, "'acc' as 'high', which is not a number"),
        ({"acc": "y" * 10**6}, r"'acc' as 'y{57}\.\.\.', which is not a number"),
        ({"acc": 10**400}, "which is not a number"),
        ({"acc": float("-inf")}, "acc is -inf"),
        ({"acc": 10 * LARGEST}, r"acc is 1e\+101"),
        ({}, "gave no 'acc'; it gave: nothing"),
    ],
)
def test_what_is_no_measurement_is_said(metrics, message):
    with pytest.raises(ArchflowError, match=message):
        checked(metrics, ("acc",))


def test_a_failure_is_one_line_of_bounded_length():
    assert failure_of(ValueError("no\n  way")) == "ValueError: no way"
    assert failure_of(SystemExit()) == "SystemExit:"
    assert len(failure_of(ValueError("x" * 10**6))) == LONGEST
