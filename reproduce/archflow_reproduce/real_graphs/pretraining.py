"""Does pre-training on graphs of real models help to predict latency?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import Bounded, bounded
from archflow.encoders import Embedder, create
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.importers.views import fused
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.pretext import PretrainSettings, pretrain
from archflow.pretext.named import vocabulary_for
from archflow_reproduce.real_graphs.draws import grouped_draws, measures
from archflow_reproduce.real_graphs.paddlex import structures
from archflow_reproduce.results.record import data_hash
from archflow_reproduce.speed.machine import machine

METHODS = ("none", "fgp", "gmae", "arch2vec", "flow")
"""Pretext tasks; `none` starts from fresh weights."""

PROXIES = ("params", "macs", "nodes")
"""What FGP ranks: costs that need no device."""


@dataclass(frozen=True)
class PretrainingStudy(Bounded):
    """The settings of the study.

    Attributes:
        methods: Of `METHODS`.
        runs: Draws of the structures to judge by; each has its own order of batches.
        width: Of the gated GCN.
        most_nodes: Larger graphs, fused, are left out of pre-training.
        pretrain_epochs, epochs: Of pre-training and of fine-tuning.
    """

    methods: Sequence[str] = METHODS[:4]
    runs: int = bounded(3, least=1)
    width: int = bounded(32, least=1)
    most_nodes: int = bounded(300, least=2)
    pretrain_epochs: int = bounded(10, least=1)
    epochs: int = bounded(40, least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [each for each in self.methods if each not in METHODS]
        if unknown:
            raise ArchflowError(f"no method {unknown[0]!r}; choose of {', '.join(METHODS)}")


def run_pretraining(
    study: PretrainingStudy,
    graphs: Table,
    tables: Mapping[str, tuple[Table, Sequence[str]]],
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Pre-train a gated GCN by each method, fine-tune it on each table, and judge it on structures left out.

    No structure of the tables is pre-trained on. Each method pre-trains one encoder, which starts all runs; the epoch of fine-tuning is chosen by a quarter of the labels to learn from.

    Args:
        study: The settings.
        graphs: What to pre-train on, as imported.
        tables: By name, a table with latencies and the columns to learn, all together.
        folder: Keeps the encoders and finished runs; the same call resumes.
        say: Called with each step.

    Returns:
        By table, column and method the measures of every run; with `config` and `machine`.
    """
    shown = {name: _fused(table) for name, (table, _) in tables.items()}
    known = np.concatenate([_bare_hashes(table.architectures) for table in shown.values()])
    corpus = _corpus(_fused(graphs), known, study.most_nodes)
    ops = [op for table in (corpus, *shown.values()) for op in table.architectures.vocabulary.ops]
    vocabulary = vocabulary_for("gmae", Vocabulary.of(ops))  # one that all methods can have
    everything = ArchitectureSet.concatenate(
        [table.architectures.recoded(vocabulary) for table in (corpus, *shown.values())]
    )
    say(f"{len(corpus)} graphs to pre-train on, {len(corpus.architectures.op)} nodes")
    found: dict[str, Any] = {}
    for name, (table, columns) in tables.items():
        draws = list(grouped_draws(structures(table), study.runs))
        cells: dict[str, dict[str, list[dict[str, float]]]] = {column: {} for column in columns}
        for method in study.methods:
            for run, (learnt, judged) in enumerate(draws):
                done = folder / f"{name}-{method}-{run}.json"
                if not done.exists():
                    say(f"{name}: {method}, run {run}")
                    embedder = _embedder(study, method, run, corpus, everything, folder)
                    write_json(done, _judged(study, embedder, shown[name], columns, learnt, judged, run))
                for column, values in read_json(done).items():
                    cells[column].setdefault(method, []).append(values)
        found[name] = {"rows": len(table), "structures": int(structures(table).max()) + 1, "columns": cells}
    config = {**asdict(study), "methods": list(study.methods), "graphs": len(corpus), "proxies": list(PROXIES)}
    return {"tables": found, "config": config, "machine": machine()}


def hashes_of(graphs: Table, tables: Mapping[str, tuple[Table, Sequence[str]]]) -> dict[str, str]:
    """The hashes of the data, for the record."""
    return {"graphs": data_hash(graphs), **{name: data_hash(table) for name, (table, _) in tables.items()}}


def _fused(table: Table) -> Table:
    return Table(fused(table.architectures), {name: table.metric(name) for name in _costs(table)} | _metrics(table))


def _costs(table: Table) -> list[str]:
    return [name for name in ("params", "macs") if name in table.column_names]


def _metrics(table: Table) -> dict[str, Any]:
    return {name: table.metric(name) for name in table.column_names if name.endswith("_ms")}


def _corpus(table: Table, known: np.ndarray, most_nodes: int) -> Table:
    """One graph of each structure that is not known and not too large."""
    hashes = _bare_hashes(table.architectures)
    first = np.unique(hashes, return_index=True)[1]
    sizes = table.architectures.node_counts[first]
    usable = ~np.isin(hashes[first], known) & (sizes <= most_nodes) & (sizes > 2)
    return table.select(np.sort(first[usable]))


def _bare_hashes(architectures: ArchitectureSet) -> np.ndarray:
    return architectures.with_attributes(None, ()).hashes


def _embedder(
    study: PretrainingStudy, method: str, run: int, corpus: Table, everything: ArchitectureSet, folder: Path
) -> Embedder:
    """A fresh encoder of the run's own, or the pre-trained one, which serves all runs."""
    seed = 21 + run if method == "none" else 21
    path = folder / f"{method}.safetensors"
    if path.exists():
        return Embedder.load(path)
    embedder = create("gated_gcn", everything, seed=seed, width=study.width, readout="log_sum", dropout=0.0)
    if method == "none":
        return embedder
    costs = {name: corpus.metric(name) for name in _costs(corpus)}
    costs["nodes"] = corpus.architectures.node_counts.astype(np.float64)
    settings = PretrainSettings(study.pretrain_epochs, batch_size=16, seed=seed)
    tasks = {"fgp": {"proxies": list(costs)}} if method == "fgp" else None
    state = folder / f"{method}.state"
    trained = pretrain(embedder, method, corpus.architectures, costs, settings, tasks=tasks, checkpoint=state)
    trained.save(path)
    return trained


def _judged(
    study: PretrainingStudy,
    embedder: Embedder,
    table: Table,
    columns: Sequence[str],
    learnt: np.ndarray,
    judged: np.ndarray,
    run: int,
) -> dict[str, dict[str, float]]:
    settings = FineTuneSettings(study.epochs, batch_size=8, learning_rate=2e-3, warmup=5)
    predictor = NetworkPredictor(embedder, objective="log", settings=settings, seed=run)
    labels = np.stack([table.metric(column) for column in columns], 1)
    predictor.fit(table.architectures.select(learnt), labels[learnt], metrics=list(columns))
    predicted = predictor.predict(table.architectures.select(judged)).mean
    return {column: measures(predicted[:, i], labels[judged, i]) for i, column in enumerate(columns)}
