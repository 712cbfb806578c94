"""Cells of NAS-Bench-201, what is known of them without encoders, and a score to learn."""

from functools import cache

import numpy as np

from archflow.graph.table import Table
from archflow.search.known_space import Known, KnownSpace
from archflow.search.problem import Problem
from archflow.spaces import NASBench201


@cache
def known_cells(count: int = 200) -> tuple[KnownSpace, Known, np.ndarray]:
    """The space's columns, `count` cells as these describe them, and their numbers of convolutions, standardised."""
    cells = NASBench201().sample(count, np.random.default_rng(0))
    space = KnownSpace.of(Problem.in_table(Table(cells, {}), "score"), "none", 0)
    convolutions = [index for index, name in enumerate(cells.vocabulary.ops) if "conv" in name]
    score = cells.op_counts[:, convolutions].sum(1).astype(float)
    return space, space(cells), (score - score.mean()) / score.std()
