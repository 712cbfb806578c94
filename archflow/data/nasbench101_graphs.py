"""All 423,624 graphs of NAS-Bench-101 from the packed archive, as one set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer

_OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
VOCABULARY = Vocabulary(("input", "output", "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"))


def read_graphs(path: str | Path) -> ArchitectureSet:
    """Read `nasbench101_graphs.npz`.

    n_vertices: (N,). edge_bits: (N,), bit x + y(y-1)/2 is the edge x -> y. labels_base3: (N,), the inner nodes'
    operations as digits (0 conv3x3, 1 conv1x1, 2 maxpool), node 1 the most significant.

    Raises ArchflowError if the file is missing or has not these arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            sizes, bits, labels = (
                archive[name].astype(np.int64) for name in ("n_vertices", "edge_bits", "labels_base3")
            )
    except (OSError, ValueError, KeyError) as error:
        raise ArchflowError(f"{path}: not the packed NAS-Bench-101 graphs ({error})") from None
    largest = int(sizes.max())
    target, source = np.tril_indices(largest, -1)  # row y, column x < y: in the order of the bits
    present = (bits[:, None] >> np.arange(len(source))) & 1 == 1
    graph, edge = np.nonzero(present)
    node = np.arange(largest)
    # Inner node i of n-2 is digit n-2-i, counted from the least significant.
    digit = np.clip(sizes[:, None] - 2 - node, 0, None)
    ids = np.array([VOCABULARY.index(op) for op in _OPERATIONS])
    op = ids[(labels[:, None] // 3**digit) % 3]
    op[:, 0] = VOCABULARY.index("input")
    op[np.arange(len(op)), sizes - 1] = VOCABULARY.index("output")
    return ArchitectureSet(
        VOCABULARY,
        op[node < sizes[:, None]],
        pointer(sizes),
        source[edge],
        target[edge],
        pointer(np.bincount(graph, minlength=len(sizes))),
    )
