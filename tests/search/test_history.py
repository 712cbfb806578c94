import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.history import History
from archflow.search.problem import Constraint, Problem
from archflow.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
FOUR = SPACE.sample(4, np.random.default_rng(0))


def asked(*objectives: str, constraints=()) -> History:
    history = History(Problem(SPACE, objectives, constraints))
    history.ask(FOUR, list("abcd"), ["random"] * 4, [None] * 4)
    return history


def test_results_are_in_the_order_in_which_they_came_back():
    history = asked("-loss")
    history.tell("c", {"loss": 3})
    history.tell("a", {"loss": 1})
    assert (len(history), history.done, history.pending) == (4, [2, 0], [1, 3])
    assert history.rising.tolist() == [[-3], [-1]]
    assert history.measured.hashes.tolist() == FOUR.hashes[[2, 0]].tolist()
    assert [trial.key for trial in history.best] == ["a"]
    assert "b" in history
    assert "e" not in history


def test_what_breaks_a_constraint_is_below_all_that_does_not():
    history = asked("score", constraints=[Constraint("ms", 5)])
    for key, score, ms in (("a", 90, 9), ("b", 10, 5), ("c", 50, 6), ("d", 20, 1)):
        history.tell(key, {"score": score, "ms": ms})
    assert np.argsort(history.fitness).tolist() == [0, 2, 1, 3]
    assert [trial.key for trial in history.best] == ["d"]


def test_the_best_for_several_objectives_are_the_front():
    history = asked("score", "-ms")
    for key, score, ms in (("a", 3, 9), ("b", 1, 1), ("c", 1, 2), ("d", 2, 9)):
        history.tell(key, {"score": score, "ms": ms})
    assert {trial.key for trial in history.best} == {"a", "b"}


def test_failures_and_values_that_are_no_numbers_are_no_results():
    history = asked("score")
    history.tell("a", None, "out of memory")
    history.tell("b", {"score": np.nan})
    assert [history.trial(key).state for key in "abc"] == ["failed", "failed", "pending"]
    assert history.trial("b").failure == "score is nan"
    assert (history.done, history.best) == ([], [])


def test_a_second_result_and_a_missing_metric_are_refused():
    history = asked("score")
    history.tell("a", {"score": 1})
    with pytest.raises(ArchflowError, match="architecture 0 has a result already"):
        history.tell("a", {"score": 2})
    with pytest.raises(ArchflowError, match="gave no 'score'; it gave: loss"):
        history.tell("b", {"loss": 2})


def test_it_shows_its_curve_and_the_best():
    problem = Problem(NASBench201(), ["acc"])
    history = History(problem)
    assert repr(history) == "History(0 asked, 0 measured; best: none)"
    cells = problem.space.sample(3, np.random.default_rng(0))
    keys = problem.space.keys(cells)
    history.ask(cells, keys, ["random"] * 3, [None] * 3)
    for key, value in zip(keys, (1.0, 3.0, 2.0), strict=True):
        history.tell(key, {"acc": value})
    assert repr(history) == "History(3 asked, 3 measured; best: acc 3)"
    shown = history._repr_html_()
    assert shown.count("<circle") == 3
    assert "acc: 1 to 3 in 3 evaluations" in shown
    assert "<td>1</td><td>random</td><td>3</td>" in shown


def test_a_space_says_what_it_is_and_draws_some():
    assert repr(NASBench201()).startswith("nasbench201(15,625 architectures; input, output, none")
    assert NASBench201()._repr_html_().count("<img") == 6
