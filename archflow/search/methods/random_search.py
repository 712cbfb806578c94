"""Random search."""

from __future__ import annotations

import numpy as np

from archflow.search.base import SEARCHERS, Proposals, Searcher


@SEARCHERS.register("random")
class RandomSearch(Searcher):
    """Architectures at random, as drawn by `space.sample`, without repetition."""

    takes_several = True

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        return Proposals(self.space.sample(n, generator), "random")
