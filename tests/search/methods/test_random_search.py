from archflow.search.methods.random_search import RandomSearch
from archflow.testing.searcher import SearcherContract


class TestRandomSearch(SearcherContract):
    def searcher(self, problem, seed=0):
        return RandomSearch(problem, seed)
