"""Features, architectures and targets for the tests of components."""

from __future__ import annotations

import numpy as np

from archflow.encoders import create
from archflow.features import Features
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.predict.components import Lesson
from archflow.predict.folds import Folds
from archflow.predict.rank_scale import normal_scores
from archflow.predict.seen import Seen
from archflow.testing import random_architectures
from tests.predict.learnable import target


class Plain(Features):
    """Columns of a table as they are."""

    local = False

    def __init__(self, columns=("a", "b")) -> None:
        self.columns = tuple(columns)

    @classmethod
    def of(cls, table):
        return cls(table.metrics)

    @property
    def names(self):
        return self.columns

    def __call__(self, table):
        return np.stack([table.metric(name) for name in self.columns], 1).astype(np.float32)

    def to_json(self):
        return {"columns": self.columns}

    @classmethod
    def from_json(cls, about):
        return cls(about["columns"])


class Counts(Features):
    """How often there is each operation; NaN where there is none of the third."""

    @classmethod
    def of(cls, table):
        return cls()

    @property
    def names(self):
        return ("1", "2", "3", "4", "5", "edges")

    def __call__(self, table):
        known = table.architectures
        counts = known.op_counts.astype(np.float32)
        counts[counts[:, 2] == 0, 4] = np.nan
        return np.c_[counts, known.edge_counts].astype(np.float32)

    def to_json(self):
        return {}

    @classmethod
    def from_json(cls, about):
        return cls()


def seen(count: int = 60, *, embeddings: bool = True, features: bool = True, seed: int = 0) -> Seen:
    """Random architectures with embeddings of a small encoder that is not trained, and with features."""
    known = random_architectures(count, seed=seed)
    rng = np.random.default_rng(seed)
    columns = {"a": target(known), "b": np.where(rng.random(count) < 0.3, np.nan, rng.normal(size=count))}
    kinds = {"counts": Counts(), "columns": Plain(columns)} if features else {}
    embedders = [create("gin", known, width=8)] if embeddings else []
    return Seen(Table(known, columns), embedders, kinds)


def scores(known: Seen | ArchitectureSet, seed: int = 0) -> np.ndarray:
    """(N,) targets that the architectures decide, with a little noise."""
    graphs = known.table.architectures if isinstance(known, Seen) else known
    return normal_scores(target(graphs) + np.random.default_rng(seed).normal(0, 0.1, len(graphs)))


def lesson(known: Seen, targets: np.ndarray | None = None, seed: int = 3) -> Lesson:
    given = scores(known) if targets is None else targets
    return Lesson(known, given, Folds.of(len(given), seed), known, seed)
