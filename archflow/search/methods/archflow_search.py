"""archflow's own search: a Gaussian process on embeddings and features, with batches by Thompson sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.near import alternatives
from archflow.predict.choose import CANDIDATES, choose
from archflow.predict.components import Component
from archflow.predict.pareto import fronts
from archflow.recipes.stacks import RECIPES, Recipe
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.gain import best_by_gain
from archflow.search.known_space import PRETRAININGS, Known, KnownSpace
from archflow.search.metric_model import MetricModel
from archflow.search.problem import Constraint, Problem

Values = NDArray[np.float64]

SHORTLIST = 400
"""Number of candidates in a joint posterior draw."""

MODELS: Mapping[str, Recipe | None] = {"process": None, "plain": RECIPES["plain"], "quick": RECIPES["quick"]}
"""Choices of the model of a metric: a Gaussian process alone, or the recipe whose blend of components predicts."""

PARENTS, MUTANTS, FRESH = 20, 25, 500
"""Composition of the pool: mutants per parent, and random architectures."""


@SEARCHERS.register("archflow")
class ArchflowSearch(Searcher):
    """Thompson sampling in batches, by a Gaussian process on columns that are known before any measurement.

    Encoders are pre-trained on a sample of the space without labels; their embeddings and training-free features
    describe every architecture. The first architectures are the most informative ones for the process
    (`archflow.predict.choose`). After that, a process per metric is fitted to the normal scores of all results, and
    each architecture of a batch is the best of one joint posterior draw over all candidates. For several objectives it
    is the one that adds most hypervolume; candidates that break a constraint in the draw are excluded. Candidates are
    the whole space if it is small and can be listed, and otherwise mutants of the best architectures and random
    architectures.

    Args:
        problem, seed: See `Searcher`.
        initial: Architectures to measure before the first process is fitted.
        each: Architectures per batch.
        spread: Factor on the deviations of the draws from the mean; 0 takes the highest mean.
        pretraining: `quick`, or `none` for no encoders.
        model: `process`; or `plain` or `quick`, the recipe whose blend of components predicts instead.
        listed: Largest size of a space all of whose architectures are candidates; larger spaces use a pool.
    """

    takes_several = True
    bounds: ClassVar = {"initial": (2,), "each": (1,), "spread": (0.0,), "listed": (0,)}

    def __init__(
        self,
        problem: Problem,
        seed: int = 0,
        initial: int = 10,
        each: int = 10,
        spread: float = 0.5,
        pretraining: str = "quick",
        model: str = "process",
        listed: int = 50_000,
    ) -> None:
        super().__init__(problem, seed)
        self.initial, self.each, self.spread = initial, each, spread
        self.pretraining, self.model, self.most_listed = pretraining, model, listed
        if pretraining not in PRETRAININGS:
            raise ArchflowError(
                f"archflow: no pretraining is called {pretraining!r}; there are: {', '.join(PRETRAININGS)}"
            )
        if model not in MODELS:
            raise ArchflowError(f"archflow: no model is called {model!r}; {alternatives(model, MODELS)}")
        recipe = MODELS[model]
        self._components = recipe.unfitted() if recipe else []
        self._fitted: tuple[int, Mapping[str, MetricModel]] | None = None
        self._starts: dict[int, Mapping[str, Values]] = {}

    def share(self, other: ArchflowSearch) -> None:
        """Reuse what another searcher of the same problem and settings has computed about the space.

        The seed of these computations is taken over too.
        """
        if other is not self:
            self._known_space, self._all = other._known_space, other._all

    @property
    def batch(self) -> int:
        return max(self.initial - len(self.history), 0) or self.each

    def propose(self, n: int, generator: np.random.Generator) -> Proposals:
        missing = self.initial - len(self.history)
        if missing > 0:
            return self._first(min(n, missing), generator)
        if len(self.history.done) < 2:
            return Proposals(self.fresh(n, generator), "random")
        candidates, known = self._candidates(generator)
        if len(candidates) == 0:
            return Proposals(candidates)
        return self._drawn(n, candidates, known, generator)

    def _first(self, n: int, generator: np.random.Generator) -> Proposals:
        """The most informative architectures, given those already asked for."""
        asked = self.history.architectures
        fresh = self.fresh(max(CANDIDATES, n), generator)
        n = min(n, len(fresh))
        if n == 0:
            return Proposals(fresh)
        columns = self._known_space(ArchitectureSet.concatenate([asked, fresh])).columns[0]
        chosen = choose(columns, n, np.arange(len(asked)), self.seed)
        return Proposals(fresh.select(chosen - len(asked)), "tells most")

    def _drawn(self, n: int, candidates: ArchitectureSet, known: Known, generator: np.random.Generator):
        """Choose the best candidate of each of n joint posterior draws."""
        models = self._models()
        beliefs = {metric: model(known) for metric, model in models.items()}
        signs = dict(zip(self.problem.metrics, self.problem.signs, strict=False))  # of the objectives, which come first
        hopes = [signs[metric] * beliefs[metric][0] + 2 * self.spread * beliefs[metric][1] for metric in signs]
        short = _shortlist(np.stack(hopes, 1))
        shown = known.select(short)
        draws = {}
        for metric, model in models.items():
            mean = beliefs[metric][0][short]
            draws[metric] = mean + self.spread * (model.draws(shown, n, generator) - mean)
        rising = np.stack([signs[metric] * draws[metric] for metric in signs], 2)  # (n, S, M)
        measured = np.stack([signs[metric] * models[metric].scores for metric in signs], 1)  # (D, M)
        broken = np.zeros(rising.shape[:2])
        for each in self.problem.constraints:
            scale = models[each.metric].scale
            if scale is not None:
                bound = Constraint("", float(scale(np.array([each.bound]))[0]), each.most)
                broken += bound.violation(draws[each.metric].ravel()).reshape(broken.shape)
        rows = short[best_by_gain(rising, broken, measured[self.history.violation == 0])]
        (metric, sign), *_ = signs.items()
        believed = models[metric].in_unit(*(part[rows] for part in beliefs[metric]))
        believed[:, 0] *= sign
        return Proposals(candidates.select(rows), "best of a draw", believed)

    def _models(self) -> Mapping[str, MetricModel]:
        """The models of all metrics, fitted to the results so far."""
        count = len(self.history.done)
        if self._fitted is None or self._fitted[0] != count:
            self._fitted = (count, self._fit(count, self._components))
        return self._fitted[1]

    def _fit(self, count: int, components: Sequence[Component]) -> Mapping[str, MetricModel]:
        """Fit models to the first `count` results."""
        numbers, start = self.history.done[:count], self._start(count)
        known = self._known(self.history.architectures.select(np.array(numbers, np.int64)))
        metrics = [self.history.trials[number].metrics or {} for number in numbers]
        values = {name: np.array([each[name] for each in metrics]) for name in self.problem.metrics}
        settings = components, self._known_space.usual, self.seed
        return {name: MetricModel.of(known, values[name], *settings, start.get(name)) for name in self.problem.metrics}

    def _start(self, count: int) -> Mapping[str, Values]:
        """By metric, where the hyperparameters of a fit to the first `count` results start; empty for the prior.

        They are those of the first `initial` results times a power of two, so that a resumed search starts from the
        same ones after few fits.
        """
        fewer = self.initial
        while 2 * fewer < count:
            fewer *= 2
        if fewer >= count:
            return {}
        if fewer not in self._starts:
            self._starts[fewer] = {name: model.process.theta for name, model in self._fit(fewer, ()).items()}
        return self._starts[fewer]

    def _candidates(self, generator: np.random.Generator) -> tuple[ArchitectureSet, Known]:
        """Architectures that were not asked for, and what is known of them."""
        if self._all is not None:
            everything, keys, known = self._all
            rows = np.array([row for key, row in keys.items() if key not in self.history], np.int64)
            return everything.select(rows), known.select(rows)
        best = np.array(self.history.done)[np.argsort(-self._merit(), kind="stable")[:PARENTS]]
        parents = self.history.architectures.select(np.repeat(best, MUTANTS))
        drawn = [self.space.mutants(parents, generator), self.fresh(FRESH, generator)]
        pool = ArchitectureSet.concatenate([each for each in drawn if len(each)])
        first = {key: row for row, key in reversed(list(enumerate(self.space.keys(pool)))) if key not in self.history}
        pool = pool.select(np.sort(np.fromiter(first.values(), np.int64, len(first))))
        return pool, self._known_space(pool)

    def _merit(self) -> Values:
        """(D,) fitness of each measured architecture as a parent."""
        if len(self.problem.objectives) == 1:
            return self.history.fitness
        return -fronts(self.history.rising) - 1e6 * (self.history.violation > 0)

    def _known(self, architectures: ArchitectureSet) -> Known:
        if self._all is None:
            return self._known_space(architectures)
        _, keys, known = self._all
        return known.select(np.array([keys[key] for key in self.space.keys(architectures)], np.int64))

    @cached_property
    def _known_space(self) -> KnownSpace:
        return KnownSpace.of(self.problem, self.pretraining, self.seed, self.folder)

    @cached_property
    def _all(self) -> tuple[ArchitectureSet, dict[str, int], Known] | None:
        """The architectures of a small listed space, the row of each canonical form, and what is known of them.

        None for other spaces.
        """
        if self.space.size > self.most_listed or self.listed is None:
            return None
        everything, keys = self.listed
        return everything, keys, self._known_space(everything)


def _shortlist(hopes: Values) -> NDArray[np.int64]:
    """Rows of `hopes` (N, M), at most `SHORTLIST`: the highest or, for several objectives, the first Pareto fronts."""
    if len(hopes) <= SHORTLIST:
        return np.arange(len(hopes))
    first = -hopes[:, 0] if hopes.shape[1] == 1 else fronts(hopes, SHORTLIST)
    return np.argsort(first, kind="stable")[:SHORTLIST]
