import pytest

from archflow.errors import ArchflowError
from archflow.search.budget import Budget


@pytest.mark.parametrize(
    ("text", "queries", "seconds"),
    [
        ("100", 100, None),
        (7, 7, None),
        ("12h", None, 43200),
        ("1.5 h", None, 5400),
        ("90min", None, 5400),
    ],
)
def test_queries_and_times(text, queries, seconds):
    budget = Budget.parse(text)
    assert (budget.queries, budget.seconds) == (queries, seconds)
    assert budget.steps == (queries or seconds)


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "many", "3d", "nan", "inf", "0h", "1e9"])
def test_anything_else_is_refused(text):
    with pytest.raises(ArchflowError, match="--budget"):
        Budget.parse(text)


def test_what_is_allowed():
    assert Budget(queries=3).allows(cost=1, running=1, clock=1e9)
    assert not Budget(queries=3).allows(cost=1, running=2, clock=0)
    assert Budget(queries=3).allows(cost=1.9, running=0, clock=0)
    assert not Budget(queries=3).allows(cost=2.1, running=0, clock=0)
    assert Budget(seconds=5).allows(cost=1e9, running=9, clock=4.9)
    assert not Budget(seconds=5).allows(cost=0, running=0, clock=5)
    with pytest.raises(ArchflowError, match="give a positive number"):
        Budget()
