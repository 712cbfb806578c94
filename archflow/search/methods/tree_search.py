"""Monte-Carlo tree search over a learnt hierarchy of a space."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.embeddings import Embed
from archflow.search.partition import Partition, below, by_clusters, by_values
from archflow.search.pool import pool_of, whole
from archflow.search.problem import Problem

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

SAMPLE = 2000
"""Architectures that are clustered where a space is not ranked whole."""

SPLITS = ("clusters", "values")


@SEARCHERS.register("tree_search")
class TreeSearch(Searcher):
    """The space is split in two, each half in two, and so on; a search descends by upper confidence bounds (UCT) to a
    part that is good or little known, and measures an architecture of it at random.

    Halves are those of linear cuts through embeddings, so that an architecture that was never seen has its leaf.
    A measurement counts in every part that it is in, by its rank among all; a pending one as a visit without a value.

    Args:
        problem, seed: As `Searcher` says.
        embed: Architectures -> embeddings; an encoder that is pre-trained on the space by default.
        initial: Random architectures to begin with.
        split: `clusters`: between the two clusters of 2-means, learnt without a label and once. `values`: where a
            regression on what was measured says better and worse, learnt again after every `renew` results.
        height: Cuts from the whole space to a leaf, at most.
        least: Architectures of a leaf, at least; for `values`, measured ones.
        exploration: c in mean + 2 c sqrt(2 log(visits of the whole) / visits of the half), with values from 0 to 1.
        renew: Results after which the `values` are split again.

    Source: `clusters` after Roshtkhari, Toews and Pedersoli, "Neural architecture search by learning a hierarchical
    search space", 2025, who cluster the outputs of a supernet agglomeratively and draw children by a softmax. `values`
    after Wang et al., "Sample-efficient neural architecture search by learning actions for Monte Carlo tree search"
    (LaNAS), 2019, who regress on an encoding of the architecture. The bound is that of LaNAS.
    """

    given = ("problem", "seed", "embed")
    bounds: ClassVar = {
        **{"initial": (2,), "height": (1, 40), "least": (1,)},
        **{"exploration": (0.0,), "renew": (1,)},
    }

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        embed: Embed | None = None,
        initial: int = 10,
        split: str = "clusters",
        height: int = 8,
        least: int = 10,
        exploration: float = 0.1,
        renew: int = 20,
    ) -> None:
        super().__init__(problem, seed)
        if split not in SPLITS:
            raise ArchflowError(f"tree_search: no split is called {split!r}; there are: {', '.join(SPLITS)}")
        self.embed = embed or Embed()
        self.initial, self.split, self.height, self.least = initial, split, height, least
        self.exploration, self.renew = exploration, renew
        self._learnt: tuple[int, Partition] | None = None

    @property
    def batch(self) -> int:
        return max(self.initial - len(self.history), 0) or 1

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        if len(self.history) < self.initial or len(self.history.done) < 2:
            return Proposals(self.fresh(n, generator), "random")
        pool = pool_of(self, generator, self.embed)
        if len(pool) == 0:
            return Proposals(pool)
        tree = self._tree()
        left = tree.leaves(self.embed(self.problem, pool))
        visited = tree.leaves(self.embed(self.problem, self.history.architectures))
        rewards = np.full(len(visited), np.nan)
        rewards[self.history.done] = _ranks(self.history.fitness)
        rows, origins = [], []
        for _ in range(min(n, len(pool))):
            node = self._descend(tree, left, visited, rewards, generator)
            row = int(generator.choice(np.flatnonzero(below(left, node))))
            rows.append(row)
            origins.append(f"part {node}")
            visited, rewards = np.append(visited, left[row]), np.append(rewards, np.nan)
            left[row] = 0  # is in no part any more
        return Proposals(pool.select(np.array(rows, np.int64)), origins)

    def _descend(
        self, tree: Partition, left: Ints, visited: Ints, rewards: Values, generator: np.random.Generator
    ) -> int:
        """The first node without a visit, or the leaf, by the highest bound among halves that have new architectures.

        Args:
            tree: To descend.
            left: (N,) leaves of what can be measured.
            visited: (T,) leaves of what was asked for.
            rewards: (T,) NaN where there is none.
        """
        node = 1
        while node in tree:
            halves = [half for half in (2 * node, 2 * node + 1) if below(left, half).any()]
            within = [below(visited, half) for half in halves]
            new = [half for half, rows in zip(halves, within, strict=True) if not rows.any()]
            if new:
                return int(generator.choice(new))
            whole = int(below(visited, node).sum())
            node = max(zip(halves, within, strict=True), key=lambda each: self._bound(rewards[each[1]], whole))[0]
        return node

    def _bound(self, rewards: Values, whole: int) -> float:
        known = rewards[np.isfinite(rewards)]
        mean = float(known.mean()) if len(known) else 0.5
        return mean + 2 * self.exploration * float(np.sqrt(2 * np.log(whole) / len(rewards)))

    def _tree(self) -> Partition:
        """The hierarchy; of `values` that of the results at the last renewal."""
        used = 0
        if self.split == "values":
            done = len(self.history.done)
            used = max(done // self.renew * self.renew, min(done, self.initial))
        if self._learnt is None or self._learnt[0] != used:
            self._learnt = (used, self._learn(used))
        return self._learnt[1]

    def _learn(self, used: int) -> Partition:
        if self.split == "clusters":
            listed = whole(self)
            usual = self.space.sample(SAMPLE, np.random.default_rng([self.seed, 2])) if listed is None else listed
            x = self.embed(self.problem, usual)
            return Partition(x, by_clusters(x, self.least), self.height)
        x = self.embed(self.problem, self.history.measured)[:used]
        return Partition(x, by_values(x, _ranks(self.history.fitness[:used]), self.least), self.height)


def _ranks(fitness: Values) -> Values:
    """(D,) by how many of the others each is not below, from 0 to 1; equal ones have the same."""
    ordered = np.sort(fitness)
    low, high = np.searchsorted(ordered, fitness), np.searchsorted(ordered, fitness, "right") - 1
    return (low + high) / 2 / max(len(fitness) - 1, 1)
