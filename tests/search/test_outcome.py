from pathlib import Path

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.base import Proposals
from archflow.search.budget import Budget
from archflow.search.methods.random_search import RandomSearch
from archflow.search.outcome import Outcome
from archflow.search.problem import Constraint, Problem
from archflow.search.record import Record
from archflow.search.reporting import facts_of
from archflow.search.study import Study
from archflow.spaces import NASBench201
from tests.search.measurements import noisy
from tests.search.studies import study


class Believer(RandomSearch):
    """Random search that says what it believes."""

    def propose(self, n, generator):
        drawn = self.space.sample(n, generator)
        return Proposals(drawn, [f"guess {row} of 7" for row in range(n)], np.full((n, 2), (-2.0, 0.5)))


def outcome(values, objectives=("score",), constraints=(), failures=()) -> Outcome:
    problem = Problem(NASBench201(), objectives, constraints)
    searcher = RandomSearch(problem, 0)
    searcher.ask(len(values))
    names = problem.metrics
    records = []
    for number, row in enumerate(values):
        failure = "no" if number in failures else ""
        metrics = {} if failure else dict(zip(names, map(float, row), strict=True))
        records.append(Record(number, 0, number, number + 1.0, metrics, failure))
        searcher.history.tell(searcher.history.trials[number].key, metrics or None, failure)
    return Outcome(searcher, "random", records, (), Budget(queries=9))


def test_lower_is_better_with_a_minus():
    found = outcome([[3], [1], [2]], ("-score",))
    assert found.best["query"] == 2
    assert found.best_so_far().tolist() == [3, 1, 1]


def test_failures_and_broken_constraints_do_not_count():
    found = outcome([[9, 9], [5, 1], [7, 1], [8, 1]], constraints=[Constraint.parse("latency<=2")], failures=[3])
    assert found.best["query"] == 3
    assert found.best_so_far().tolist() == pytest.approx([np.nan, 5, 7, 7], nan_ok=True)
    assert found.line(3) == {"query": 4, "value": None, "report": None, "seconds": 1.0, "end": 4.0, "failure": "no"}
    assert found.content()["history"][0]["value"] == 9
    heads, rows = found.table(5)
    assert heads == ["query", "score", "latency", "architecture"]
    assert [row[:3] for row in rows] == [[3, "7", "1"], [2, "5", "1"]]


def test_a_front_is_ordered_by_the_first_objective():
    found = outcome([[1, 1], [3, 3], [2, 3], [2, 2]], ("score", "-latency"))
    assert found.front == [1, 3, 0]
    assert [row["values"] for row in found.content()["front"]] == [
        {"score": 3, "latency": 3}, {"score": 2, "latency": 2}, {"score": 1, "latency": 1},
    ]  # fmt: skip


def test_why_there_is_no_best_is_said():
    with pytest.raises(ArchflowError, match="no architecture could be measured: no"):
        outcome([[1]], failures=[0]).best  # noqa: B018
    with pytest.raises(
        ArchflowError, match="none of the 2 measured architectures meets latency<=2; the nearest has lat"
    ):
        outcome([[1, 5], [9, 4]], constraints=[Constraint.parse("latency<=2")]).best  # noqa: B018


def test_the_report_knows_what_was_believed_and_where_proposals_came_from(tmp_path: Path) -> None:
    searcher = Believer(Problem(NASBench201(), "-score"), 0)
    made = Study(searcher, noisy, tmp_path, Budget(queries=6), workers=0, batch=3)
    facts = facts_of(made, made.run())
    assert [(each.mean, each.deviation) for each in facts.beliefs] == [(2.0, 0.5)] * 6
    assert [each.measured for each in facts.beliefs] == facts.values[:, 0].tolist()
    (guess,) = facts.proposed
    assert (guess.origin, guess.count, guess.best) == ("guess", 6, facts.values.min())
    assert facts.drawn[0].query == facts.front[0] + 1
    assert not facts.simulated


def test_the_same_outcome_after_resuming(tmp_path: Path) -> None:
    assert study(tmp_path).run().content() == study(tmp_path).run().content()


def test_the_sentence_says_why_evaluations_failed():
    found = outcome([[1], [2], [3]], failures=(0, 2))
    assert found.sentence() == "random in nasbench201: 3 evaluations (2 failed, the last one: no), 3.0 seconds"
    assert "failed" not in outcome([[1]]).sentence()
