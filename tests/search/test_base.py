import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.search.base import Proposals, Searcher
from archflow.search.problem import Problem
from archflow.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
CELLS = SPACE.sample(3, np.random.default_rng(0))


class Stubborn(Searcher):
    """Proposes the same cells whatever it was told."""

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        return Proposals(CELLS, "stubborn")


@pytest.fixture
def searcher() -> Searcher:
    return Stubborn(Problem(SPACE, "score"), seed=1)


def test_what_a_method_does_not_propose_is_filled_up_at_random(searcher):
    asked = searcher.ask(5)
    assert asked.hashes[:3].tolist() == CELLS.hashes.tolist()
    assert [trial.origin for trial in searcher.history.trials] == ["stubborn"] * 3 + ["random"] * 2
    assert len(set(SPACE.keys(asked))) == 5


def test_of_a_bad_call_nothing_is_taken(searcher):
    one = searcher.ask(1)
    searcher.tell(one, [1.0])
    both = ArchitectureSet.concatenate([CELLS.select([1]), one])
    with pytest.raises(ArchflowError, match="architecture 0 has a result already"):
        searcher.tell(both, [2.0, 3.0])
    with pytest.raises(ArchflowError, match="architecture in this call has a result already"):
        searcher.tell(CELLS.select([2, 2]), [2.0, 3.0])
    assert (len(searcher.history), searcher.history.done) == (1, [0])


def test_results_have_names_or_the_order_of_the_metrics(searcher):
    searcher.tell(CELLS.select([0]), {"score": [3.0], "further": [9.0]})
    searcher.tell(CELLS.select([1]), [[5.0]])
    searcher.tell(CELLS.select([2]), [7.0], ["out of memory"])
    assert searcher.history.rising.tolist() == [[3], [5]]
    assert searcher.history.trials[2].failure == "out of memory"


def test_a_method_for_one_objective_refuses_two():
    with pytest.raises(ArchflowError, match="Stubborn takes one objective, not score, -ms"):
        Stubborn(Problem(SPACE, ("score", "-ms")))
