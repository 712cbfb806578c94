"""archflow's own search: a Gaussian process on embeddings and features, with batches by Thompson sampling."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.predict.choose import CANDIDATES, choose
from archflow.predict.pareto import fronts
from archflow.predict.rank_scale import RankScale
from archflow.search.base import SEARCHERS, Proposals, Searcher
from archflow.search.gain import best_by_gain
from archflow.search.known_space import PRETRAININGS, KnownSpace
from archflow.search.posterior import Posterior
from archflow.search.problem import Constraint, Problem

Values = NDArray[np.float64]

SHORTLIST = 400
"""Number of candidates in a joint posterior draw."""

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
        listed: int = 50_000,
    ) -> None:
        super().__init__(problem, seed)
        self.initial, self.each, self.spread = initial, each, spread
        self.pretraining, self.most_listed = pretraining, listed
        if pretraining not in PRETRAININGS:
            raise ArchflowError(
                f"archflow: no pretraining is called {pretraining!r}; there are: {', '.join(PRETRAININGS)}"
            )
        self._fitted: tuple[int, dict[str, _MetricModel]] | None = None

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
        candidates, columns = self._candidates(generator)
        if len(candidates) == 0:
            return Proposals(candidates)
        return self._drawn(n, candidates, columns, generator)

    def _first(self, n: int, generator: np.random.Generator) -> Proposals:
        """The most informative architectures, given those already asked for."""
        asked = self.history.architectures
        fresh = self.fresh(max(CANDIDATES, n), generator)
        n = min(n, len(fresh))
        if n == 0:
            return Proposals(fresh)
        columns = self._known_space.columns(ArchitectureSet.concatenate([asked, fresh]))[0]
        chosen = choose(columns, n, np.arange(len(asked)), self.seed)
        return Proposals(fresh.select(chosen - len(asked)), "tells most")

    def _drawn(self, n: int, candidates: ArchitectureSet, columns: list[Values], generator: np.random.Generator):
        """Choose the best candidate of each of n joint posterior draws."""
        models = self._models()
        beliefs = {metric: model.posterior(columns) for metric, model in models.items()}
        signs = dict(zip(self.problem.metrics, self.problem.signs, strict=False))  # of the objectives, which come first
        hopes = [signs[metric] * beliefs[metric][0] + 2 * self.spread * beliefs[metric][1] for metric in signs]
        short = _shortlist(np.stack(hopes, 1))
        shown = [x[short] for x in columns]
        draws = {}
        for metric, model in models.items():
            mean = beliefs[metric][0][short]
            draws[metric] = mean + self.spread * (model.posterior.draws(shown, n, generator) - mean)
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

    def _models(self) -> dict[str, _MetricModel]:
        """The models of all metrics, fitted to the results so far."""
        if self._fitted is None or self._fitted[0] != len(self.history.done):
            columns = self._columns_of(self.history.measured)
            metrics = [self.history.trials[number].metrics or {} for number in self.history.done]
            values = {name: np.array([each[name] for each in metrics]) for name in self.problem.metrics}
            models = {name: _MetricModel.of(columns, values[name]) for name in self.problem.metrics}
            self._fitted = (len(self.history.done), models)
        return self._fitted[1]

    def _candidates(self, generator: np.random.Generator) -> tuple[ArchitectureSet, list[Values]]:
        """Architectures that were not asked for, and their columns."""
        if self._all is not None:
            everything, keys, columns = self._all
            rows = np.array([row for key, row in keys.items() if key not in self.history], np.int64)
            return everything.select(rows), [x[rows] for x in columns]
        best = np.array(self.history.done)[np.argsort(-self._merit(), kind="stable")[:PARENTS]]
        parents = self.history.architectures.select(np.repeat(best, MUTANTS))
        drawn = [self.space.mutants(parents, generator), self.fresh(FRESH, generator)]
        pool = ArchitectureSet.concatenate([each for each in drawn if len(each)])
        first = {key: row for row, key in reversed(list(enumerate(self.space.keys(pool)))) if key not in self.history}
        pool = pool.select(np.sort(np.fromiter(first.values(), np.int64, len(first))))
        return pool, self._known_space.columns(pool)

    def _merit(self) -> Values:
        """(D,) fitness of each measured architecture as a parent."""
        if len(self.problem.objectives) == 1:
            return self.history.fitness
        return -fronts(self.history.rising) - 1e6 * (self.history.violation > 0)

    def _columns_of(self, architectures: ArchitectureSet) -> list[Values]:
        if self._all is None:
            return self._known_space.columns(architectures)
        _, keys, columns = self._all
        rows = np.array([keys[key] for key in self.space.keys(architectures)], np.int64)
        return [x[rows] for x in columns]

    @cached_property
    def _known_space(self) -> KnownSpace:
        return KnownSpace.of(self.problem, self.pretraining, self.seed, self.folder)

    @cached_property
    def _all(self) -> tuple[ArchitectureSet, dict[str, int], list[Values]] | None:
        """The architectures of a small listed space, the row of each canonical form, and their columns.

        None for other spaces.
        """
        if self.space.size > self.most_listed or self.listed is None:
            return None
        everything, keys = self.listed
        return everything, keys, self._known_space.columns(everything)


class _MetricModel(NamedTuple):
    """The posterior of one metric.

    Attributes:
        scores: (D,) normal scores of the measured values.
        scale: Values -> scores; None while all values are equal.
        posterior: Gaussian process of the scores.
    """

    scores: Values
    scale: RankScale | None
    posterior: Posterior

    @classmethod
    def of(cls, columns: list[Values], values: Values) -> _MetricModel:
        """Fit a model to standardised columns (D, Q) and values (D,)."""
        scale = RankScale.of(values)
        scores = np.zeros(len(values)) if scale is None else scale(values)
        return cls(scores, scale, Posterior(columns, scores))

    def in_unit(self, mean: Values, std: Values) -> Values:
        """Convert mean and deviation (N,) of scores to the metric's unit (N, 2), clipped to the measured range."""
        if self.scale is None:
            return np.full((len(mean), 2), np.nan)
        low, centre, high = (np.interp(mean + z * std, self.scale.scores, self.scale.values) for z in (-1, 0, 1))
        return np.stack([centre, (high - low) / 2], 1)


def _shortlist(hopes: Values) -> NDArray[np.int64]:
    """Rows of `hopes` (N, M), at most `SHORTLIST`: the highest or, for several objectives, the first Pareto fronts."""
    if len(hopes) <= SHORTLIST:
        return np.arange(len(hopes))
    first = -hopes[:, 0] if hopes.shape[1] == 1 else fronts(hopes, SHORTLIST)
    return np.argsort(first, kind="stable")[:SHORTLIST]
