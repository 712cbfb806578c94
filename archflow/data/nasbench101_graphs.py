"""The graphs of NAS-Bench-101 from the packed archive: all 423,624 as one set, or those with given official hashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.places import own_files
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer
from archflow.npz import read_arrays
from archflow.spaces.nasbench101 import NASBench101

_OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
_GRAPHS = ("n_vertices", "edge_bits", "labels_base3")
CELLS, LARGEST = 423_624, 7
"""The number of cells of the space, and of nodes in the largest."""

VOCABULARY = Vocabulary(("input", "output", "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"))


def read_graphs(path: str | Path) -> ArchitectureSet:
    """Read `nasbench101_graphs.npz`.

    n_vertices: (N,). edge_bits: (N,), bit x + y(y-1)/2 is the edge x -> y. labels_base3: (N,), the inner nodes'
    operations as digits (0 conv3x3, 1 conv1x1, 2 maxpool), node 1 the most significant.

    Raises ArchflowError if the file is missing, damaged or lacks these arrays.
    """
    return _unpacked(*_arrays(path, *_GRAPHS))


def _unpacked(*packed: NDArray[np.integer]) -> ArchitectureSet:
    sizes, bits, labels = (column.astype(np.int64) for column in packed)
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


def graphs_of(hashes: Sequence[str]) -> ArchitectureSet:
    """Find the graphs with these official hashes, in order.

    They come from `nasbench101_graphs.npz` if the user's folder has it; otherwise the space is enumerated, which takes
    longer and numbers the nodes of some cells differently.

    Raises:
        ArchflowError: If a hash is not in the space; the message names the first.
    """
    packed = own_files("nasbench101_graphs.npz")
    if packed:
        md5, *columns = _arrays(packed[0], "md5", *_GRAPHS)
        rows = _rows_of(hashes, [row.tobytes().hex() for row in md5])
        return _unpacked(*(column[rows] for column in columns))
    space = NASBench101()
    everything = space.enumerate()
    return everything.select(_rows_of(hashes, space.hashes(everything)))


def _rows_of(hashes: Sequence[str], known: Sequence[str]) -> NDArray[np.int64]:
    row_of = {hash_: row for row, hash_ in enumerate(known)}
    unknown = next((hash_ for hash_ in hashes if hash_ not in row_of), None)
    if unknown is not None:
        raise ArchflowError(f"no NAS-Bench-101 cell has the hash {unknown!r}; is the file whole?")
    return np.array([row_of[hash_] for hash_ in hashes])


def _arrays(path: str | Path, *names: str) -> list[NDArray[Any]]:
    """The columns of these names, (N,) each, or (N, 16) bytes of `md5`."""
    columns = dict(zip(names, read_arrays(path, *names), strict=True))
    sizes = columns["n_vertices"]
    shapes = {name: (len(sizes), 16) if name == "md5" else (len(sizes),) for name in names} if sizes.ndim else {}
    if (
        {name: column.shape for name, column in columns.items()} != shapes
        or any(column.dtype.kind not in "iu" for column in columns.values())
        or not 0 < len(sizes) <= CELLS
        or not 2 <= sizes.min() <= sizes.max() <= LARGEST
    ):
        raise ArchflowError(f"{path}: not the packed NAS-Bench-101 graphs; get it again")
    return list(columns.values())
