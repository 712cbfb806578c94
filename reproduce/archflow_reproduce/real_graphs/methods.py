"""Methods that learn latency from a table of real models and predict it for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.predict.kind_costs import KindCosts
from archflow.predict.latency_baselines import BASELINES
from archflow_reproduce.real_graphs.draws import grouped_folds

Values = NDArray[np.float64]

Method = Callable[[Table, Values, NDArray, Table, int], Values]
"""(rows to learn from, their latencies, their groups, rows to judge by, seed) -> latencies of the latter."""

KIND_COSTS = "kind_costs"
"""The column of what `KindCosts` predicts."""

FOLDS = 5

COLUMNS = ("macs", "params", "bytes", "nodes")
FEATURES = ("counts", "columns")
PLAIN = ("process", "ridge")
"""Components that take seconds."""


def baseline(name: str, learnt: Table, latency: Values, groups: NDArray, judged: Table, seed: int) -> Values:
    """One of `BASELINES`."""
    return BASELINES[name]().fit(learnt, latency).predict(judged)


def kind_costs(learnt: Table, latency: Values, groups: NDArray, judged: Table, seed: int) -> Values:
    """`KindCosts`, whose penalty is chosen by groups."""
    return KindCosts(groups).fit(learnt, latency).predict(judged)


def stacked(
    components: Sequence[str],
    on_kinds: bool,
    learnt: Table,
    latency: Values,
    groups: NDArray,
    judged: Table,
    seed: int,
) -> Values:
    """A `StackedPredictor` of logarithms, on features of the graph and on costs of the whole model.

    on_kinds: whether it also sees what `KindCosts` predicts, fitted without the row's own group.
    """
    columns = COLUMNS
    learnt, judged = _sized(learnt), _sized(judged)
    if on_kinds:
        columns = (*COLUMNS, KIND_COSTS)
        fold, seen = grouped_folds(groups, FOLDS, seed), np.empty(len(learnt))
        for number in range(FOLDS):
            held, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            seen[held] = kind_costs(learnt.select(rest), latency[rest], groups[rest], learnt.select(held), seed)
        judged = judged.with_metrics({KIND_COSTS: kind_costs(learnt, latency, groups, judged, seed)})
        learnt = learnt.with_metrics({KIND_COSTS: seen})
    predictor = StackedPredictor(
        components=components, features=FEATURES, columns=columns, objective="log", seed=seed
    )
    predictor.fit(learnt, latency)
    return predictor.predict(judged).mean


def trees(learnt: Table, latency: Values, groups: NDArray, judged: Table, seed: int) -> Values:
    """Gradient-boosted trees of logarithms on the logarithms of what `KindCosts` adds up, and of the model's costs."""
    from sklearn.ensemble import GradientBoostingRegressor

    shown = KindCosts(groups).fit(learnt, latency)
    model = GradientBoostingRegressor(
        n_estimators=300, learning_rate=0.05, subsample=0.7, max_features=0.3, random_state=seed
    )
    model.fit(_logarithms(shown, learnt), np.log(latency))
    return np.exp(model.predict(_logarithms(shown, judged)))


def _logarithms(shown: KindCosts, table: Table) -> Values:
    sized = _sized(table)
    whole = np.column_stack([sized.metric(name) for name in COLUMNS])
    return np.log1p(np.concatenate([whole, shown.costs(table)], 1))


def together(methods: Sequence[Method], learnt, latency, groups, judged, seed) -> Values:
    """The geometric mean of methods."""
    return np.exp(np.mean([np.log(method(learnt, latency, groups, judged, seed)) for method in methods], 0))


def chosen(methods: Mapping[str, Method], learnt, latency, groups, judged, seed) -> Values:
    """The method with the least mean relative error in a cross-validation by groups of the rows to learn from."""
    fold = grouped_folds(groups, FOLDS, seed)
    errors = dict.fromkeys(methods, 0.0)
    for number in range(FOLDS):
        held, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        for name, method in methods.items():
            predicted = method(learnt.select(rest), latency[rest], groups[rest], learnt.select(held), seed)
            errors[name] += float(np.abs(predicted / latency[held] - 1).sum())
    return methods[min(errors, key=lambda name: errors[name])](learnt, latency, groups, judged, seed)


def _sized(table: Table) -> Table:
    return table.with_metrics({"nodes": table.architectures.node_counts.astype(np.float64)})


STACKED: Method = partial(stacked, PLAIN, False)
ON_KINDS: Method = partial(stacked, PLAIN, True)

CANDIDATES: Mapping[str, Method] = {
    "kind costs": kind_costs,
    "kind costs and trees": partial(together, (kind_costs, trees)),
    "kind costs and stacked": partial(together, (kind_costs, STACKED)),
}

SLOW = ("stacked", "kind costs and stacked", "chosen", "nnlp", "nar_former_v2", "nn_former")
"""Methods that are drawn fewer times."""

METHODS: Mapping[str, Method] = {
    **{name: partial(baseline, name) for name in BASELINES},
    "boosted trees": trees,
    "stacked": STACKED,
    "stacked on kind costs": ON_KINDS,
    **CANDIDATES,
    "chosen": partial(chosen, CANDIDATES),
}
"""By name; the last one is what archflow recommends."""
