"""Features of an architecture that determine its latency on most devices: its operations and their positions."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.effective import view

Floats = NDArray[np.float64]


def counts(architectures: ArchitectureSet) -> Floats:
    """Count operations, (N, C).

    The columns count the nodes with each operation and with each part of an operation's name (`k5_e6` has two), and
    give the length of the longest path; then the same without nodes that have no effect. Constant columns are left out.
    """
    seen = []
    for graphs in (architectures, view("effective")(architectures)):
        ops = graphs.vocabulary.ops
        parts = sorted({part for op in ops for part in re.split(r"[_\W]+", op) if part})
        has = np.array([[part in re.split(r"[_\W]+", op) for part in parts] for op in ops], np.float64)
        per_op = np.zeros((len(graphs), len(ops)))
        np.add.at(per_op, (graphs.node_owner, graphs.op), 1)
        seen += [per_op, per_op @ has, graphs.depths[:, None]]
    return _varying(np.concatenate(seen, 1))


def slots(architectures: ArchitectureSet) -> Floats:
    """One-hot operation of each node in the stored order, (N, S); all architectures must have equally many nodes."""
    rows = architectures.op.reshape(len(architectures), -1)
    return _varying((rows[:, :, None] == np.arange(len(architectures.vocabulary.ops))).reshape(len(rows), -1) * 1.0)


def features(architectures: ArchitectureSet) -> Mapping[str, Floats]:
    """Both kinds of features: counts with standardised columns; each kind scaled to a mean squared row norm of one."""
    count, slot = counts(architectures), slots(architectures)
    return {"counts": scaled((count - count.mean(0)) / count.std(0)), "slots": scaled(slot)}


def scaled(x: Floats) -> Floats:
    """Centre (N, F) features and scale them to a mean squared row norm of one."""
    x = x - x.mean(0)
    return x / np.sqrt(np.square(x).sum(1).mean())


def _varying(x: Floats) -> Floats:
    return x[:, np.ptp(x, axis=0) > 0]
