"""Which changed architectures are unlike all those of a table, so that a prediction for them is extrapolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.attributes import POSITION


def beyond(changed: ArchitectureSet, reference: ArchitectureSet) -> NDArray[np.bool_]:
    """(C,) whether an architecture leaves the range of the reference.

    It does if it has fewer nodes than all others or more, an operation that no other has, or a node whose attribute is
    smaller or larger than in all nodes with the same operation. Attributes of position do not count.

    Args:
        changed: C architectures.
        reference: At least one architecture.
    """
    ops = {op: number for number, op in enumerate(reference.vocabulary.ops)}
    number = np.array([ops.get(op, len(ops)) for op in changed.vocabulary.ops], np.int64)[changed.op]
    present = np.bincount(reference.op, minlength=len(ops) + 1) > 0
    strange = ~present[number]
    for name in set(changed.attribute_names) & set(reference.attribute_names):
        if not name.startswith(POSITION):
            low, high = np.full(len(ops) + 1, np.nan), np.full(len(ops) + 1, np.nan)
            np.fmin.at(low, reference.op, reference.attribute(name))
            np.fmax.at(high, reference.op, reference.attribute(name))
            values = changed.attribute(name)
            strange |= (values < low[number]) | (values > high[number])
    counts, usual = changed.node_counts, reference.node_counts
    found = (counts < usual.min()) | (counts > usual.max())
    found[changed.node_owner[strange]] = True
    return found
