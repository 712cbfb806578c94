"""From one search space to others: what was learnt of cells of one benchmark ranks cells of the others.

An encoder that reads operations as text knows those of another space by their descriptions, as TG-NAS does; one that
learns an embedding of each operation knows those of the same name, or of a synonym.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.data.joined import joined
from archflow.encoders import create
from archflow.encoders.operation_words import operation_words
from archflow.graph import ArchitectureSet
from archflow.graph.effective import view
from archflow.graph.table import Table
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.predict.metrics import spearman
from archflow.sentences import text_vectors
from archflow_reproduce.devices.few_features import counts, scaled
from archflow_reproduce.devices.process import MEAN, Part
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel.study import read_cell, write_run
from archflow_reproduce.travel.tables import entries, measured

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

LAYOUT = 2
"""Raise it when what is measured changes."""

JUDGED = 2000
"""Cells of a space that are ranked, at most."""

SETTINGS = FineTuneSettings(epochs=30, batch_size=32, learning_rate=1e-3, weight_decay=1e-2, warmup=3)
EXPECTED, ALIKE, NOISE = 0.5, 0.3, 0.3
"""The correlation of scores with accuracies that is expected, and the variances of deviations that cells share with
those like them and do not share, relative to the accuracies' variance.

Chosen on targets and draws that are not reported: seeds 10 and 11 from nb101, nb301 and digits201 to digits201,
nb201-c100, darts-once, ecnas-acc and nb101."""

CONFIG: Mapping[str, Any] = {"width": 32, "depth": 3}

PUBLISHED = {"nb101": {"nb201-c10": {"ONNX-Net": 0.747, "FLAN, arch2vec": 0.741, "GENNAPE": 0.815}}}
"""Spearman without a label of the target, by source and target (arXiv 2510.04938; learnt from 50,000 cells)."""


@dataclass(frozen=True)
class Across:
    """What to measure.

    Attributes:
        sources: Tables to learn from (`archflow_reproduce.travel.tables`).
        targets: Tables to rank, by held-out rows where one is the source.
        labels: Of the source.
        few: Of the target.
        seeds: How many draws of rows and weights.
    """

    sources: Sequence[str] = ("nb101",)
    targets: Sequence[str] = ("nb101", "nb201-c10", "nb301", "darts-swap")
    labels: int = 1000
    few: int = 10
    seeds: int = 3

    def __post_init__(self) -> None:
        entries([*self.sources, *self.targets])
        whole("--labels", self.labels, 20)
        whole("--few", self.few, 3, JUDGED // 2)
        whole("--seeds", self.seeds, 1, 1000)


@dataclass(frozen=True)
class Space:
    """The cells of one table in a draw.

    Attributes:
        table: With the columns that are known before training.
        shown: Their effective part, in a vocabulary that all tables share.
        y: Accuracies.
    """

    table: Table
    shown: ArchitectureSet
    y: Values


@dataclass(frozen=True)
class Draw:
    """Rows of the source to learn from, and by target the rows to rank; the first `few` of them may be measured."""

    spaces: Mapping[str, Space]
    source: str
    learnt: Rows
    ranked: Mapping[str, Rows]
    seed: int

    def known(self) -> tuple[ArchitectureSet, Values]:
        """What is learnt from."""
        source = self.spaces[self.source]
        return source.shown.select(self.learnt), source.y[self.learnt]


Ranking = Callable[[Draw], Mapping[str, tuple[Values, Values]]]
"""By target, (n,) scores of its rows, and what else the method knows of them, (n, d)."""


def run_across(wanted: Across, folder: Path, say: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    """Measure what the folder lacks; the result of all of it."""
    tables = {name: measured(entries([name])[0]) for name in dict.fromkeys([*wanted.sources, *wanted.targets])}
    spaces = _spaces(tables)
    cells: dict[str, Any] = {}
    for source in wanted.sources:
        cells[source] = {name: {} for name in wanted.targets}
        for method in METHODS:
            key = fingerprint(
                LAYOUT, method, asdict(wanted) | {"seeds": 0}, [_hash(space) for space in spaces.values()]
            )
            path = folder / f"{source}-{method.replace(' ', '_')}.json"
            for seed in range(wanted.seeds):
                if str(seed) not in read_cell(path, key):
                    say(f"{source}, {method}, seed {seed}")
                    write_run(
                        path, key, seed, _scores(METHODS[method], drawn(wanted, spaces, source, seed), wanted.few)
                    )
            runs = [read_cell(path, key)[str(seed)] for seed in range(wanted.seeds)]
            for target in runs[0]:
                cells[source][target][method] = {name: [run[target][name] for run in runs] for name in runs[0][target]}
    return {
        "cells": cells,
        "tables": {name: {"rows": len(space.table), "hash": _hash(space)} for name, space in spaces.items()},
        "published": {source: PUBLISHED.get(source, {}) for source in wanted.sources},
        "config": {**asdict(wanted), **CONFIG, "epochs": SETTINGS.epochs, "judged": JUDGED},
        "machine": machine(),
    }


def drawn(wanted: Across, spaces: Mapping[str, Space], source: str, seed: int) -> Draw:
    """One draw: the rows of the source to learn from, and at most `JUDGED` other rows of every target."""
    rng = np.random.default_rng(seed)
    order = {name: rng.permutation(len(space.table)) for name, space in spaces.items()}
    learnt = order[source][: wanted.labels]
    seen = spaces[source].shown.hashes[learnt]
    ranked = {}
    for name in wanted.targets:
        new = order[name][~np.isin(spaces[name].shown.hashes[order[name]], seen)] if name == source else order[name]
        ranked[name] = new[:JUDGED]
    return Draw(spaces, source, learnt, ranked, seed)


def _spaces(tables: Mapping[str, tuple[Table, Values]]) -> dict[str, Space]:
    shared = joined({name: table for name, (table, _) in tables.items()}, ()).architectures
    shown, first, found = view("effective")(shared), 0, {}
    for name, (table, y) in tables.items():
        found[name] = Space(table, shown.select(np.arange(first, first + len(table))), y)
        first += len(table)
    return found


def _scores(ranking: Ranking, draw: Draw, few: int) -> dict[str, dict[str, float]]:
    """By target, Spearman without a measured cell and with some, on the rows that are never measured."""
    found: dict[str, dict[str, float]] = {}
    for name, (score, more) in ranking(draw).items():
        y = draw.spaces[name].y[draw.ranked[name]]
        found[name] = {"few_shot": spearman(after_few(score, more, y[:few]), y[few:])}
        if np.ptp(score) > 0:
            found[name]["zero_shot"] = spearman(score[few:], y[few:])
    return found


def after_few(score: Values, more: Values, y: Values) -> Values:
    """Correct a ranking by some measured cells: what they deviate from the score is alike where cells are alike.

    A Gaussian process with fixed weights, since a few labels do not tell weights; in particular the score's own share
    is not learned from them, which would turn good rankings around.

    Args:
        score: (n,) the ranking without measured cells; all equal if there is none.
        more: (n, d) what else is known of the cells, in which deviations are alike; d may be 0.
        y: (few,) accuracies of the first cells.

    Returns:
        (n - few,) guesses for the others, up to shift and scale.
    """
    few = len(y)
    expected = EXPECTED * (score - score.mean()) / score.std() if np.ptp(score) > 0 else np.zeros(len(score))
    if not more.shape[1]:
        return expected[few:]
    deviations = (y - y.mean()) / y.std() - expected[:few]
    everything = np.arange(len(score))
    covariance = MEAN + ALIKE * Part(scaled(more), True, 1.0)(everything, everything[:few])
    return expected[few:] + covariance[few:] @ np.linalg.solve(covariance[:few] + NOISE * np.eye(few), deviations)


def _network(encoder: str, config: Mapping[str, Any]) -> Ranking:
    """An encoder trained to rank the source's cells; its embeddings are what it knows of others."""

    def ranking(draw: Draw) -> dict[str, tuple[Values, Values]]:
        some, y = draw.known()
        embedder = create(encoder, some.vocabulary, seed=draw.seed, **CONFIG, **config)
        predictor = NetworkPredictor(embedder, settings=SETTINGS, validation_share=0.1, seed=draw.seed)
        predictor.fit(some, y, metrics=["accuracy"])
        found = {}
        for name, rows in draw.ranked.items():
            shown = draw.spaces[name].shown.select(rows)
            found[name] = (predictor.scores(shown)[0, :, 0], predictor.embed(shown).astype(float))
        return found

    return ranking


def _mean_text(draw: Draw) -> dict[str, tuple[Values, Values]]:
    """Ridge regression on the mean description of a cell's nodes: no graph, no network."""
    from sklearn.linear_model import RidgeCV

    some, y = draw.known()
    vectors = text_vectors([operation_words(op) for op in some.vocabulary.ops]).astype(float)

    def means(cells: ArchitectureSet) -> Values:
        sums = np.zeros((len(cells), vectors.shape[1]))
        np.add.at(sums, cells.node_owner, vectors[cells.op])
        return sums / cells.node_counts[:, None]

    ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(means(some), y)
    shown = {name: means(draw.spaces[name].shown.select(rows)) for name, rows in draw.ranked.items()}
    return {name: (ridge.predict(x), x) for name, x in shown.items()}


def _column(*names: str) -> Ranking:
    """A column that is known before training, the first of these names that a table has; nothing is learnt."""

    def ranking(draw: Draw) -> dict[str, tuple[Values, Values]]:
        found = {}
        for target, rows in draw.ranked.items():
            table = draw.spaces[target].table
            for name in [each for each in names if each in table.metrics][:1]:
                values = table.metric(name)[rows]
                values = np.where(np.isfinite(values), values, np.nanmedian(values))
                found[target] = (values, np.zeros((len(rows), 0)))
        return found

    return ranking


def _counts(draw: Draw) -> dict[str, tuple[Values, Values]]:
    """How often the target's cells have each operation; the source is not used."""
    return {
        name: (np.zeros(len(rows)), counts(draw.spaces[name].table.architectures.select(rows)))
        for name, rows in draw.ranked.items()
    }


def _hash(space: Space) -> str:
    return fingerprint(space.shown.hashes, space.y)


METHODS: Mapping[str, Ranking] = {
    "ledg_former, text": _network("ledg_former", {"text": True}),
    "ledg_former, names": _network("ledg_former", {"text": False}),
    "tg_nas, text": _network("tg_nas", {"text": True}),
    "tg_nas, names": _network("tg_nas", {"text": False}),
    "gated_gcn, names": _network("gated_gcn", {}),
    "ridge on mean text": _mean_text,
    "parameters": _column("params_M", "params"),
    "FLOPs": _column("flops_M", "flops_M_in16"),
    "zc_jacov": _column("zc_jacov"),
    "counts, no source": _counts,
}
"""By name. The process that learns the measured cells of a target reads scores and embeddings."""
