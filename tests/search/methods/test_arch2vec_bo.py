import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.arch2vec_bo import Arch2vecBO
from archflow.search.surrogates.dngo import DNGO
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestArch2vecBO(SearcherContract):
    def searcher(self, problem, seed=0):
        return Arch2vecBO(problem, seed, surrogate=DNGO(embed(problem), 8, 5), initial=6, each=4)


def test_as_released_the_variance_stands_for_the_deviation():
    case = TestArch2vecBO()
    problem = case.small()
    candidates = problem.space.enumerate()
    mean = np.zeros(len(candidates))
    mean[0] = 0.35  # and its deviation is nothing
    std = np.full(len(candidates), 0.5)
    std[0] = 1e-6
    known = {key: row for row, key in enumerate(problem.space.keys(candidates))}

    def rows(some):
        return [known[key] for key in problem.space.keys(some)]

    def model(some):
        return mean[rows(some)], std[rows(some)]

    first = {}
    for variant in ("ours", "as_released"):
        searcher = Arch2vecBO(problem, surrogate=DNGO(embed(problem)), variant=variant, target=0.3)
        proposed = searcher.choose(1, model, np.random.default_rng(0))
        first[variant] = rows(proposed.architectures)[0]
    assert first["ours"] != 0
    assert first["as_released"] == 0


def test_an_unknown_variant_is_refused():
    with pytest.raises(ArchflowError, match="ours, as_released"):
        Arch2vecBO(TestArch2vecBO().small(), variant="released")
