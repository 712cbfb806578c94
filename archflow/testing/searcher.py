"""The contract of a search method."""

from __future__ import annotations

import copy
import json
import zlib

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.search.base import Searcher
from archflow.search.problem import Constraint, Problem
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.table_space import TableSpace
from archflow.testing.graphs import random_architectures

SMALL = 40
"""Size of the small space."""


class SearcherContract:
    """The contract of a search method, as a pytest class.

    Derive your test class from it and override `searcher`:

        class TestMySearcher(SearcherContract):
            def searcher(self, problem, seed=0):
                return MySearcher(problem, seed)

    Attributes:
        budget: Evaluations of the longest test.
    """

    budget: int = 24

    def searcher(self, problem: Problem, seed: int = 0) -> Searcher:
        """The method, with cheap settings."""
        raise NotImplementedError("override `searcher`")

    def small(self) -> Problem:
        """A problem whose space has `SMALL` architectures."""
        return Problem(TableSpace(Table(random_architectures(SMALL, seed=5))), "score")

    def large(self) -> Problem:
        """A problem in NAS-Bench-201."""
        return Problem(NASBench201(), "score")

    def score(self, problem: Problem, architectures: ArchitectureSet) -> np.ndarray:
        """A learnable measurement that depends on the canonical form only: convolutions increase it."""
        columns = [i for i, op in enumerate(architectures.vocabulary.ops) if "conv" in op]
        noise = [zlib.crc32(key.encode()) % 97 for key in problem.space.keys(architectures)]
        return architectures.op_counts[:, columns].sum(1) + np.array(noise, np.float64) / 1000

    def run(self, searcher: Searcher, budget: int, n: int | None = None) -> list[str]:
        """Canonical forms in the order asked, for a search of `budget` evaluations in batches of n."""
        while len(searcher.history) < budget:
            asked = searcher.ask(min(n or searcher.batch, budget - len(searcher.history)))
            if len(asked) == 0:
                break
            searcher.tell(asked, self.score(searcher.problem, asked))
        return [trial.key for trial in searcher.history.trials]

    def test_no_architecture_is_asked_for_twice(self) -> None:
        keys = self.run(self.searcher(self.large()), self.budget)
        assert len(keys) == self.budget
        assert len(set(keys)) == len(keys)

    def test_asks_are_of_the_space(self) -> None:
        problem = self.large()
        searcher = self.searcher(problem)
        self.run(searcher, self.budget)
        assert all(problem.space.contains(each) for each in searcher.history.architectures)

    def test_the_same_seed_asks_for_the_same(self) -> None:
        one, same, other = (self.run(self.searcher(self.large(), seed), self.budget) for seed in (3, 3, 4))
        assert one == same
        assert one != other

    def test_a_finite_space_is_exhausted(self) -> None:
        searcher = self.searcher(self.small())
        assert len(set(self.run(searcher, SMALL + 5))) == searcher.space.size
        assert len(searcher.ask(3)) == 0

    def test_a_new_searcher_with_the_old_history_resumes(self) -> None:
        undisturbed = self.run(self.searcher(self.large()), self.budget, 4)
        first = self.searcher(self.large())
        self.run(first, self.budget // 2, 4)
        second = self.searcher(self.large())
        second.history = copy.deepcopy(first.history)
        assert self.run(second, self.budget, 4) == undisturbed

    def test_more_is_asked_while_results_are_pending(self) -> None:
        searcher = self.searcher(self.large())
        self.run(searcher, self.budget // 2, 4)
        one, other = searcher.ask(3), searcher.ask(3)
        assert len({*searcher.space.keys(one), *searcher.space.keys(other)}) == 6
        assert len(searcher.history.pending) == 6
        for asked in (other, one):
            searcher.tell(asked, self.score(searcher.problem, asked))
        assert not searcher.history.pending
        assert len(searcher.ask(2)) == 2

    def test_failures_do_not_end_a_search(self) -> None:
        searcher = self.searcher(self.large())
        while len(searcher.history) < self.budget:
            asked = searcher.ask(4)
            assert len(asked)
            values = self.score(searcher.problem, asked)
            values[::2] = np.nan
            searcher.tell(asked, values)
        assert len(searcher.history.done) == self.budget // 2

    def test_a_search_without_any_result_goes_on_asking(self) -> None:
        searcher = self.searcher(self.small())
        for _ in range(4):
            asked = searcher.ask(4)
            searcher.tell(asked, np.full(len(asked), np.nan))
        assert len(searcher.history) == 16

    def test_what_is_known_before_is_taken(self) -> None:
        searcher = self.searcher(self.small())
        known = searcher.space.sample(1, np.random.default_rng(0))
        searcher.tell(known, self.score(searcher.problem, known))
        assert searcher.history.best[0].key == searcher.space.keys(known)[0]
        assert searcher.space.keys(known)[0] not in self.run(searcher, SMALL)[1:]

    def test_a_result_is_given_once(self) -> None:
        searcher = self.searcher(self.small())
        asked = searcher.ask(2)
        searcher.tell(asked, [1.0, 2.0])
        with pytest.raises(ArchflowError, match="has a result already"):
            searcher.tell(asked, [1.0, 2.0])

    def test_lower_is_better_with_a_minus(self) -> None:
        searcher = self.searcher(Problem(self.small().space, "-score"))
        asked = searcher.ask(6)
        searcher.tell(asked, np.arange(len(asked)))
        assert searcher.history.best[0].number == 0

    def test_constraints_are_kept_by_the_best(self) -> None:
        searcher = self.searcher(Problem(self.small().space, "score", [Constraint.parse("size<=3")]))
        while len(searcher.history) < SMALL // 2:
            asked = searcher.ask(4)
            searcher.tell(asked, {"score": self.score(searcher.problem, asked), "size": asked.node_counts % 6})
        kept = [trial for trial in searcher.history.trials if trial.metrics and trial.metrics["size"] <= 3]
        values = [trial.metrics["score"] for trial in kept if trial.metrics]
        assert [trial.metrics["score"] for trial in searcher.history.best if trial.metrics] == [max(values)]

    def test_several_objectives_are_searched_or_refused(self) -> None:
        problem = Problem(self.small().space, ("score", "-size"))
        if not type(self.searcher(self.small())).takes_several:
            with pytest.raises(ArchflowError, match="takes one objective"):
                self.searcher(problem)
            return
        searcher = self.searcher(problem)
        while len(searcher.history) < SMALL // 2:
            asked = searcher.ask(4)
            searcher.tell(asked, np.stack([self.score(problem, asked), asked.node_counts], 1))
        assert len(searcher.history.done) == SMALL // 2

    def test_settings_are_plain_json(self) -> None:
        config = self.searcher(self.small()).config
        assert json.loads(json.dumps(config)) == config
        assert not {"problem", "seed"} & set(config)
