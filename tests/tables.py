"""Tables that tests of several rooms share."""

import numpy as np
import pyarrow as pa

from archflow.graph import ArchitectureSet
from archflow.graph.streamed import StreamedSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201

OLD_PYARROW = int(pa.__version__.split(".")[0]) < 26
"""Versions 17 to 22, as tried, have no empty rows of fixed-size lists in Parquet, and 17 no string views: `make
lower-bounds` leaves these out."""


def scored_cells(count: int) -> Table:
    """Cells whose score is their number of 3x3 convolutions and some noise: what an encoder learns from few of them."""
    space = NASBench201()
    cells = space.sample(count, np.random.default_rng(0))
    convolutions = cells.op_counts[:, cells.vocabulary.index("nor_conv_3x3")]
    score = convolutions + np.random.default_rng(1).normal(0, 0.1, count)
    return Table(cells, {"score": score}, [space.format(cell) for cell in cells])


def in_parts(architectures: ArchitectureSet) -> StreamedSet:
    """The set as one that is read in parts."""
    return StreamedSet(architectures.select, architectures.node_counts + architectures.edge_counts)
