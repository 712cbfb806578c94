from archflow.search.methods.multi_objective_regularized_evolution import MultiObjectiveRegularizedEvolution
from archflow.testing.searcher import SearcherContract


class TestMultiObjectiveRegularizedEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return MultiObjectiveRegularizedEvolution(problem, seed, population=6, tournament=3)
