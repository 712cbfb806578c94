import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.random_search import RandomSearch
from archflow.search.methods.tree_search import TreeSearch
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestTreeSearch(SearcherContract):
    split = "clusters"

    def searcher(self, problem, seed=0):
        settings = {"split": self.split, "initial": 6, "least": 3, "renew": 8}
        return TreeSearch(problem, seed, embed=embed(problem), **settings)

    def test_it_finds_better_ones_than_chance(self):
        means = {}
        for kind in (self.searcher, RandomSearch):
            searchers = [kind(self.large(), seed) for seed in range(2)]
            for searcher in searchers:
                self.run(searcher, 60, 4)
            means[kind] = np.mean([searcher.history.fitness[-30:].mean() for searcher in searchers])
        assert means[self.searcher] > means[RandomSearch] + 0.3


class TestTreeSearchByValues(TestTreeSearch):
    split = "values"


def test_an_unknown_split_is_refused():
    with pytest.raises(ArchflowError, match="clusters, values"):
        TreeSearch(TestTreeSearch().small(), split="cluster")
