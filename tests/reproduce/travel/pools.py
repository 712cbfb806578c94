"""Small pools for tests of the study."""

from pathlib import Path

import numpy as np

from archflow.graph.table import Table
from archflow_reproduce.travel.pool import Pool, Task, draw
from archflow_reproduce.travel.tables import Entry
from tests.tables import scored_cells

ENTRY = Entry("cells", "cells", "score", "cell", ("params*",))


def pool(count: int = 120, columns: bool = True) -> Pool:
    """Cells whose score is their number of 3x3 convolutions and some noise; a column that says how many are of 1x1."""
    cells = scored_cells(count)
    small = cells.architectures.op_counts[:, cells.architectures.vocabulary.index("nor_conv_1x1")]
    known = {"params_M": small.astype(np.float64)} if columns else {}
    return Pool(ENTRY, Table(cells.architectures, known, cells.native), cells.metric("score"), count)


def task(labels: int = 40, run: int = 0, folder: Path = Path()) -> Task:
    """A run on such a pool."""
    return draw(pool(), labels, run, folder)
