from itertools import groupby

import numpy as np

from archflow.search.methods.cate_dngo_ls import CATEDNGOLS
from archflow.search.surrogates.dngo import DNGO
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestCATEDNGOLS(SearcherContract):
    def searcher(self, problem, seed=0):
        return CATEDNGOLS(problem, seed, surrogate=DNGO(embed(problem), 8, 5), initial=6, each=2)


def test_without_improvement_it_restarts_with_as_many_as_it_began_with():
    case = TestCATEDNGOLS()
    problem = case.small()
    searcher = CATEDNGOLS(problem, surrogate=DNGO(embed(problem), 8, 2), initial=6, each=2, patience=1)
    while len(searcher.history) < 30:
        asked = searcher.ask(searcher.batch)
        searcher.tell(asked, np.zeros(len(asked)))
    runs = [(kind, len(list(run))) for kind, run in groupby(t.origin == "restart" for t in searcher.history.trials)]
    assert next(length for restart, length in runs if restart) == 6
