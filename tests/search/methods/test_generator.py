import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.search.decoder import Decoder
from archflow.search.methods.generator import GeneratorSearch
from archflow.search.problem import Problem
from archflow.search.surrogates.dngo import DNGO
from archflow.spaces.base import SPACES
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class Draws(Decoder):
    """Draws without training: every other one is of the space, the rest have no edges."""

    def draw(self, problem, count, generator, around=None):
        cells = list(problem.space.sample(count, generator))
        drawn = [Architecture(cell.ops, () if place % 2 else cell.edges) for place, cell in enumerate(cells)]
        return ArchitectureSet.from_architectures(drawn, problem.space.vocabulary)

    def _pretrained(self, problem):
        return embed(problem).embedder(problem)


class TestGeneratorSearch(SearcherContract):
    def searcher(self, problem, seed=0):
        decoder = Draws()
        return GeneratorSearch(problem, seed, DNGO(decoder, 8, 5), decoder, initial=6, each=4, draws=40)

    def test_what_is_measured_was_generated(self):
        searcher = self.searcher(self.large())
        self.run(searcher, self.budget)
        assert {trial.origin for trial in searcher.history.trials[6:]} == {"generated"}
        assert all(trial.belief for trial in searcher.history.trials[6:])


def test_a_space_with_node_attributes_is_refused():
    spaces = [SPACES.get(name)() for name in SPACES.names() if name != "table"]
    space = next(each for each in spaces if each.attribute_names)
    with pytest.raises(ArchflowError, match="node attributes"):
        GeneratorSearch(Problem(space, "score"))
