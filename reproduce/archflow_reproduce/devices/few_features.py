"""What of an architecture decides its latency on most devices: which operations it has, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.effective import view

Floats = NDArray[np.float64]


def counts(architectures: ArchitectureSet) -> Floats:
    """(N, C) how many nodes have each operation, and each part of an operation's name (`k5_e6` has two); the same
    without nodes that have no effect; and the longest path of both."""
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
    """(N, S) which operation each node has, in the stored order: all must have as many nodes."""
    rows = architectures.op.reshape(len(architectures), -1)
    return _varying((rows[:, :, None] == np.arange(len(architectures.vocabulary.ops))).reshape(len(rows), -1) * 1.0)


def features(architectures: ArchitectureSet) -> Mapping[str, Floats]:
    """Both, standardised column by column where columns have units, and scaled to a mean square of one by row."""
    count, slot = counts(architectures), slots(architectures)
    return {"counts": scaled((count - count.mean(0)) / count.std(0)), "slots": scaled(slot)}


def scaled(x: Floats) -> Floats:
    """(N, F) centred, with rows of length one on average."""
    x = x - x.mean(0)
    return x / np.sqrt(np.square(x).sum(1).mean())


def _varying(x: Floats) -> Floats:
    return x[:, np.ptp(x, axis=0) > 0]
