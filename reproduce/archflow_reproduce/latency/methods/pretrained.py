"""One encoder, pre-trained on real graphs by several tasks or not at all, to compare errors of latencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from archflow.checkpoint import fingerprint
from archflow.encoders import create
from archflow.encoders.embedder import Embedder
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.graph.totals import with_totals
from archflow.importers.views import fused
from archflow.predict import NetworkPredictor
from archflow.pretext import MASK, PretrainSettings, pretrain
from archflow.recipes.presets import LATENCY
from archflow_reproduce.latency.corpus import graphnet
from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Values

ENCODER = "gated_gcn"
CONFIG: Mapping[str, Any] = {"width": 64, "readout": "log_sum"}

WAYS = {
    "fresh": None,
    "flow": "flow",
    "macs": "proxy_ranking",
    "fgp": "fgp",
    "gmae": "gmae",
    "arch2vec": "arch2vec",
}
"""Ways to pre-train with the pretext task of each: `macs` and `flow` are the two halves of FGP."""

_SURROGATE = {"surrogate": {"sigma": 0.3, "pooling": "mean"}}
_PROXY = {"proxies": ["macs"]}
SETTINGS = {"flow": _SURROGATE, "proxy_ranking": _PROXY, "fgp": {**_SURROGATE, **_PROXY}}
"""With sigma 1, FGP's setting for NAS-Bench-101, the flow through hundreds of nodes grows without bound; with 0.1, that
for NAS-Bench-201, it vanishes. Means over neighbours do not grow with every residual connection, unlike sums.
Multiply-adds are the only proxy that needs no forward pass.
"""

PRETRAINING = PretrainSettings(epochs=10, batch_size=16)
FINE_TUNING = LATENCY["nn_former_latency"][0].fine_tune
"""As published for NNLQP: AdamW 1e-3, 50 epochs of batches of 16."""


def pretrained(way: str, task: LatencyTask) -> Values:
    """Fine-tune the encoder from one of `WAYS` on log latencies of fused graphs with their totals."""
    shown = with_totals(fused(task.of.table.architectures))
    embedder = starting(way, shown, graphnet(task.folder.parent), task)
    predictor = NetworkPredictor(embedder, objective="log", settings=FINE_TUNING, seed=task.seed)
    predictor.fit(shown.select(task.learnt), task.y, metrics=["latency_ms"])
    return np.ravel(predictor.predict(shown.select(task.judged)).mean)


def starting(way: str, shown: ArchitectureSet, corpus: Table, task: LatencyTask) -> Embedder:
    """Build the encoder to fine-tune. All ways share initial weights and known operations.

    Args:
        way: One of `WAYS`.
        shown: The networks of the task's table; their structures are excluded from pre-training.
        corpus: Graphs to pre-train on, with the column `macs`.
        task: Gives the seed of weights and batches; pre-trained encoders are kept in its parent folder.
    """
    graphs = with_totals(fused(corpus.architectures))
    vocabulary = Vocabulary.of([*graphs.vocabulary.ops, *shown.vocabulary.ops, MASK])
    graphs, shown = graphs.recoded(vocabulary), shown.recoded(vocabulary)
    both = ArchitectureSet.concatenate([graphs, shown])
    embedder = create(ENCODER, both, seed=task.seed, **CONFIG)
    pretext = WAYS[way]
    if pretext is None:
        return embedder
    structures = both.with_attributes(None, ()).hashes
    new = np.flatnonzero(~np.isin(structures[: len(graphs)], structures[len(graphs) :]))
    settings = replace(PRETRAINING, seed=task.seed)
    return pretrain(
        embedder,
        pretext,
        graphs.select(new),
        {"macs": corpus.metric("macs")[new]},
        settings,
        tasks=SETTINGS,
        checkpoint=task.folder.parent / f"{way}-{task.seed}-{fingerprint(both.hashes)}.state",
    )


for _way in WAYS:
    METHODS.register(f"{ENCODER}/{_way}")(partial(pretrained, _way))
