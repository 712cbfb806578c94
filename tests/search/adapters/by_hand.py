"""A search by archflow's own searcher, which adapters must ask for, too."""

import zlib
from functools import partial

from archflow.graph import Architecture
from archflow.search import SEARCHERS, Problem
from archflow.search.adapters.follower import Method
from archflow.search.methods.archflow_search import ArchflowSearch
from archflow.spaces import TableSpace
from tests.search.adapters.cells import convolutions, small_space


def small() -> TableSpace:
    """A space of `SIZE` architectures."""
    return small_space(30)


SIZE = small().size


def loss(architecture: Architecture) -> float:
    """A measurement, better when lower, that has something to learn: convolutions help."""
    return zlib.crc32(architecture.hash.encode()) % 97 / 1000 - convolutions(architecture)


METHODS = ["random", "local_search", "regularized_evolution", partial(ArchflowSearch, initial=4, pretraining="none")]
"""One that draws, one that reads origins, one that learns from results, and one that has a model."""


def by_hand(method: Method, total: int) -> list[str]:
    """Native strings in the order in which the method with seed 1 asks for them one by one."""
    space = small()
    searcher = (SEARCHERS.get(method) if isinstance(method, str) else method)(Problem(space, "-loss"), 1)
    found = []
    for _ in range(total):
        asked = searcher.ask()
        searcher.tell(asked, [loss(asked[0])])
        found.append(space.format(asked[0]))
    return found
