"""Imported models beside the graphs whose latencies were learnt from: the same view, and what they do not share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.importers.views import folded, folds
from archflow.recipes.latency_data import COSTS

FOLDED = 0.1
"""With at most this many foldable normalisations per convolution, graphs are those of a library that folds them."""


def as_learnt(models: Table, learnt_from: Table | None) -> Table:
    """The models in the view of the graphs that were learnt from.

    Libraries for inference fold batch normalisation into convolutions. Where the graphs that were learnt from hardly
    have any, the models lose theirs too, and their columns of costs with them.

    Args:
        models: N imported models.
        learnt_from: The rows that were learnt from, those on the device if there are any; None if not known.
    """
    if learnt_from is None or not folds(models.architectures):
        return models
    graphs = learnt_from.architectures
    convolutions = np.array([op.startswith("conv") for op in graphs.vocabulary.ops], bool)[graphs.op].sum()
    if folds(graphs) > FOLDED * convolutions:
        return models
    whole, fewer = models.architectures, folded(models.architectures)
    costs = {"nodes": fewer.node_counts.astype(np.float64)}
    for name in ("bytes", "params"):
        if name in fewer.attribute_names and name in models.metrics:
            costs[name] = models.metric(name) + _sums(fewer, name) - _sums(whole, name)
    return replace(models, architectures=fewer).with_metrics(costs)


def _sums(graphs: ArchitectureSet, name: str) -> NDArray[np.float64]:
    """(N,) the sum of a node attribute over each graph."""
    values = np.nan_to_num(graphs.attribute(name).astype(np.float64))
    return np.bincount(graphs.node_owner, values, len(graphs)).astype(np.float64)


def unlike(models: Table, learnt_from: Table | None) -> list[str]:
    """Lines about models that are unlike those that were learnt from."""
    if learnt_from is None:
        return []
    notes = []
    for name in (name for name in COSTS if name in models.metrics):
        own, usual = models.metric(name), learnt_from.metric(name)
        beyond = (own < usual.min()) | (own > usual.max())
        if beyond.any():
            row = int(np.argmax(beyond))
            notes.append(
                f"{models.called(row)}: {name} is {own[row]:.3g}, and the networks learnt from have "
                f"{usual.min():.3g} to {usual.max():.3g}"
            )
    ops = learnt_from.architectures.vocabulary.ops
    learnt = {ops[op] for op in np.unique(learnt_from.architectures.op).tolist()}
    names = models.architectures.vocabulary.ops
    new = sorted({names[op] for op in np.unique(models.architectures.op).tolist()} - learnt - {"input", "output"})
    return [*notes, f"no network learnt from has {', '.join(new)}"] if new else notes
