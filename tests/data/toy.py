"""A benchmark of 30 cells, a cell a line, for the tests of what comes into the cache."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201

SPACE = NASBench201()
CELLS = SPACE.sample(30, np.random.default_rng(0))
NATIVE = [SPACE.format(cell) for cell in CELLS]
CONTENT = "\n".join(NATIVE).encode()
TABLE = Table(CELLS, {"cifar10_test_acc": np.arange(30.0)}, NATIVE)


def read_toy(files: Mapping[str, Path]) -> Table:
    """The reader of the benchmark in these tests: a cell a line."""
    cells = [SPACE.parse(line) for line in files["file.bin"].read_text().splitlines()]
    values = {"cifar10_test_acc": np.arange(float(len(cells)))}
    return Table(ArchitectureSet.from_architectures(cells), values, [SPACE.format(cell) for cell in cells])
