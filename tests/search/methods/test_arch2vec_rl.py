from archflow.search.methods.arch2vec_rl import Arch2vecRL
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestArch2vecRL(SearcherContract):
    def searcher(self, problem, seed=0):
        return Arch2vecRL(problem, seed, embed=embed(problem), steps=4, width=8)
