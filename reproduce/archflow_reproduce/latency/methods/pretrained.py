"""A gated GCN that adds up costs of nodes, from fresh weights and pre-trained on graphs of real models."""

from __future__ import annotations

from functools import partial

import numpy as np

from archflow.encoders import Embedder, create
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.importers.views import fused
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.pretext import PretrainSettings, pretrain
from archflow.pretext.named import vocabulary_for
from archflow_reproduce.latency.corpus import COSTS, corpus
from archflow_reproduce.latency.methods.base import METHODS, SEED, LatencyTask, Values

KIND = "gated_gcn"
TASKS = ("fgp", "gmae", "arch2vec")
FRESH = "fresh"

WIDTH = 32
MOST_NODES = 300
"""Larger graphs of the corpus, fused, are not pre-trained on."""

TRAINING = FineTuneSettings(epochs=30, batch_size=8, learning_rate=3e-3, warmup=3)
PRETRAINING = PretrainSettings(epochs=8, batch_size=16, learning_rate=1e-3, seed=SEED)


def gated_gcn(task: str, of: LatencyTask) -> Values:
    """Fine-tune on the labels of a draw, by relative errors of logarithms. One pre-trained encoder serves all draws;
    a quarter of the labels chooses the epoch."""
    shown = fused(of.of.table.architectures)
    embedder = _embedder(task, of, shown)
    predictor = NetworkPredictor(embedder, objective="log", settings=TRAINING, seed=of.seed)
    predictor.fit(shown.select(of.learnt), of.y, metrics=["latency_ms"])
    return np.ravel(predictor.predict(shown.select(of.judged)).mean)


def _embedder(task: str, of: LatencyTask, shown: ArchitectureSet) -> Embedder:
    """A fresh encoder for each draw, or the pre-trained one. No structure of the table is pre-trained on."""
    folder = of.folder.parent
    path = folder / f"{task}-{of.of.name.partition('/')[0]}.safetensors"
    if path.exists():
        return Embedder.load(path)
    graphs = _others(corpus(folder), shown)
    ops = [*graphs.architectures.vocabulary.ops, *shown.vocabulary.ops]
    vocabulary = vocabulary_for("gmae", Vocabulary.of(ops))
    both = ArchitectureSet.concatenate([each.recoded(vocabulary) for each in (graphs.architectures, shown)])
    seed = of.seed if task == FRESH else SEED
    embedder = create("gated_gcn", both, seed=seed, width=WIDTH, readout="log_sum", dropout=0.0)
    if task == FRESH:
        return embedder
    proxies = {name: graphs.metric(name) for name in COSTS}
    ranked = {task: {"proxies": list(COSTS)}} if task == "fgp" else None
    trained = pretrain(
        embedder, task, graphs.architectures, proxies, PRETRAINING, tasks=ranked, checkpoint=path.with_suffix(".state")
    )
    trained.save(path)
    return trained


def _others(graphs: Table, shown: ArchitectureSet) -> Table:
    """The graphs whose structure is none of the table's, up to `MOST_NODES`."""
    known = shown.with_attributes(None, ()).hashes
    hashes, sizes = graphs.architectures.with_attributes(None, ()).hashes, graphs.architectures.node_counts
    first = np.unique(hashes, return_index=True)[1]
    return graphs.select(np.sort(first[~np.isin(hashes[first], known) & (sizes[first] <= MOST_NODES)]))


for _task in (FRESH, *TASKS):
    METHODS.register(f"{KIND}/{_task}")(partial(gated_gcn, _task))
