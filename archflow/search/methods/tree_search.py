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
"""Size of the sample that is clustered if a space is too large to rank."""

SPLITS = ("clusters", "values")


@SEARCHERS.register("tree_search")
class TreeSearch(Searcher):
    """Monte-Carlo tree search over a recursive partition of the space.

    It descends by upper confidence bounds (UCT) to a leaf, from which a random architecture is measured.

    Partitions are linear cuts of the embedding space, so every architecture belongs to a leaf, including those never
    seen. A measurement counts in every part that contains it, by its rank among all; a pending one counts as a visit
    without a value.

    Args:
        problem, seed: See `Searcher`.
        embed: Architectures -> embeddings; by default an encoder that is pre-trained on the space.
        initial: Number of random initial architectures.
        split: `clusters`: cut between the two clusters of 2-means, learnt once and without labels. `values`: cut
            between good and bad by a regression on the measurements, learnt again after every `renew` results.
        height: Largest number of cuts from the root to a leaf.
        least: Smallest number of architectures in a leaf; for `values`, of measured ones.
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
            left[row] = 0  # is no longer in any part
        return Proposals(pool.select(np.array(rows, np.int64)), origins)

    def _descend(
        self, tree: Partition, left: Ints, visited: Ints, rewards: Values, generator: np.random.Generator
    ) -> int:
        """Descend by the highest bound among halves with new architectures, to an unvisited node or a leaf.

        Args:
            tree: The partition.
            left: (N,) leaves of the architectures that can be measured.
            visited: (T,) leaves of the architectures asked for.
            rewards: (T,) rewards, NaN if there is none.
            generator: Random generator.
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
        """The hierarchy; for `values`, the one learnt from the results at the last renewal."""
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
    """(D,) ranks scaled from 0 to 1; equal values have equal ranks."""
    ordered = np.sort(fitness)
    low, high = np.searchsorted(ordered, fitness), np.searchsorted(ordered, fitness, "right") - 1
    return (low + high) / 2 / max(len(fitness) - 1, 1)
