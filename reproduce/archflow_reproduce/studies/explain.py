"""The study `explain`: are the predicted effects of single changes the true ones?

On a benchmark that has measured every cell, the true effect of changing one operation is the difference between two
rows. A predictor learns from a few labels and predicts these differences, as `archflow explain` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table
from archflow.predict.metrics import kendall_tau, spearman
from archflow.predict.stacked import StackedPredictor
from archflow.progress import progress_bar
from archflow.spaces import NASBench201
from archflow_reproduce.results.record import data_hash
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel.baselines import PENALTIES, XGBOOST
from archflow_reproduce.travel.study import read_cell, write_run

LAYOUT = 2
"""Raise it when what is measured changes."""

ENCODER = "gated_gcn.fgp-nasbench201"
"""Its embeddings are among the inputs of archflow's predictor; it has seen no label."""

COMPONENTS = ("boosted", "forest", "line", "process", "ridge")
"""Of archflow's predictor: those that need no training of networks."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """What to measure.

    Attributes:
        metric: The column to learn.
        labels: How many cells are labelled, drawn at random.
        cells: How many other cells are explained, drawn at random.
        draws: Of labels and cells.
    """

    metric: str = "cifar10_test_acc"
    labels: int = 100
    cells: int = 500
    draws: int = 9

    def __post_init__(self) -> None:
        for name, least in (("labels", 10), ("cells", 1), ("draws", 1)):
            whole(f"--{name}", getattr(self, name), least)


class Changes(NamedTuple):
    """Changes of M cells: (M, C) rows of the changed ones, -1 where one is not in the table."""

    cells: NDArray[np.int64]
    changed: NDArray[np.int64]


class Predicted(NamedTuple):
    """(M, C) predicted effects and their standard deviations, NaN where a method has none."""

    effects: Values
    deviations: Values


def run_explain(table: Table, wanted: Comparison, folder: Path) -> dict[str, Any]:
    """Measure what is missing; the result of all of it.

    Args:
        table: Cells of NAS-Bench-201, all or many.
        wanted: What to measure.
        folder: A file for every method; the same call resumes.
    """
    key = fingerprint(LAYOUT, data_hash(table, wanted.metric), wanted.labels, wanted.cells)
    values = table.metric(wanted.metric)
    measured = np.flatnonzero(np.isfinite(values))
    if len(measured) < wanted.labels + wanted.cells:
        raise ArchflowError(f"{wanted.metric}: {len(measured)} rows for {wanted.labels} labels, {wanted.cells} cells")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in METHODS}
    with progress_bar("explain", wanted.draws * len(METHODS), kept=folder) as bar:
        for draw in range(wanted.draws):
            shuffled = np.random.default_rng(draw).permutation(measured)
            labelled, cells = shuffled[: wanted.labels], shuffled[wanted.labels :][: wanted.cells]
            for name, method in METHODS.items():
                path = folder / f"{name.replace(' ', '-').replace(',', '')}.json"
                if str(draw) not in read_cell(path, key):
                    changes = changes_of(table, cells)
                    predicted = method(table, labelled, values[labelled], changes)
                    write_run(
                        path, key, draw, judged(predicted, values[changes.changed] - values[cells, None], changes)
                    )
                runs[name].append(read_cell(path, key)[str(draw)])
                bar.advance(1, name)
    return {"methods": runs, "config": {**asdict(wanted), "encoder": ENCODER, "layout": LAYOUT}, "machine": machine()}


def changes_of(table: Table, cells: NDArray[np.int64]) -> Changes:
    """The 24 changes of an operation of each cell, as rows of the table."""
    space, hashes = NASBench201(), table.architectures.hashes
    around = [space.neighbours(table.architectures[int(cell)]).hashes for cell in cells]
    return Changes(cells, np.stack([rows_of(hashes, each) for each in around]))


def judged(predicted: Predicted, true: Values, changes: Changes) -> dict[str, float]:
    """How good predicted effects are, where both sides are measured.

    Returns:
        `within`, `within_tau`: Spearman's and Kendall's correlation with the true effects among the changes of one
        cell, the mean over cells. `pooled`: Spearman's over the changes of all cells. `best`: the true effect of the
        change that is predicted best, the mean over cells; `possible`: that of the truly best change; `any`: that of
        all changes. `one_std`, `two_std`: the fraction of true effects within one and two predicted deviations.
    """
    there = (changes.changed >= 0) & np.isfinite(true)
    rows = [(predicted.effects[i, known], true[i, known]) for i, known in enumerate(there) if known.sum() > 2]
    errors = np.abs(predicted.effects - true)[there]
    deviations = predicted.deviations[there]
    found = {
        "within": float(np.mean([spearman(*row) for row in rows])),
        "within_tau": float(np.mean([kendall_tau(*row) for row in rows])),
        "pooled": spearman(predicted.effects[there], true[there]),
        "best": float(np.mean([truth[np.argmax(guess)] for guess, truth in rows])),
        "possible": float(np.mean([truth.max() for _, truth in rows])),
        "any": float(np.mean([truth.mean() for _, truth in rows])),
    }
    if np.isfinite(deviations).all():
        found |= {name: float(np.mean(errors <= k * deviations)) for name, k in (("one_std", 1), ("two_std", 2))}
    return found


def stacked(table: Table, labelled: NDArray[np.int64], labels: Values, changes: Changes) -> Predicted:
    """Predict by archflow's predictor: differences of its predictions, and their paired deviations."""
    predictor = StackedPredictor(create(ENCODER), components=COMPONENTS, columns=[])
    graphs = Table(table.architectures)
    predictor.fit(graphs.select(labelled), labels, reference=graphs)
    wanted, place = np.unique(
        np.concatenate([changes.cells, changes.changed[changes.changed >= 0]]), return_inverse=True
    )
    where = np.zeros(len(table), np.int64)
    where[wanted[place]] = place
    found = predictor.by_model(graphs.select(wanted))
    before, after = where[changes.cells], where[changes.changed]
    models, mean = found.models[:, :, 0], found.mean[:, 0]
    return Predicted(
        mean[after] - mean[before][:, None], found.deviation(models[:, after] - models[:, before][..., None])
    )


def trees(table: Table, labelled: NDArray[np.int64], labels: Values, changes: Changes) -> Predicted:
    """Gradient-boosted trees of XGBoost on one-hot operations."""
    from xgboost import XGBRegressor

    x = one_hot(table)
    model = XGBRegressor(**XGBOOST, random_state=21, n_jobs=1).fit(x[labelled], labels)
    return _differences(np.asarray(model.predict(x), np.float64), changes)


def linear(table: Table, labelled: NDArray[np.int64], labels: Values, changes: Changes) -> Predicted:
    """Ridge regression on one-hot operations: each operation on each edge has one effect, whatever the others are."""
    from sklearn.linear_model import RidgeCV

    x = one_hot(table)
    return _differences(RidgeCV(PENALTIES).fit(x[labelled], labels).predict(x), changes)


def one_hot(table: Table) -> NDArray[np.float32]:
    """(N, 8 |O|) which operation each node of a cell has."""
    graphs = table.architectures.recoded(NASBench201.vocabulary)
    eye = np.eye(len(NASBench201.vocabulary), dtype=np.float32)
    return eye[graphs.op].reshape(len(graphs), -1)


def _differences(predicted: Values, changes: Changes) -> Predicted:
    effects = predicted[changes.changed] - predicted[changes.cells, None]
    return Predicted(effects, np.full_like(effects, np.nan))


METHODS: Mapping[str, Any] = {
    "archflow": stacked,
    "xgboost, one-hot operations": trees,
    "ridge, one-hot operations": linear,
}
