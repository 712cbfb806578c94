"""What adapters search in tests."""

import zlib

from archflow.graph import Architecture
from archflow.graph.table import Table
from archflow.spaces.table_space import TableSpace
from archflow.testing.graphs import random_architectures


def small() -> TableSpace:
    """A space of `SIZE` architectures."""
    return TableSpace(Table(random_architectures(30, seed=5)))


SIZE = small().size


def loss(architecture: Architecture) -> float:
    """A measurement, better when lower, that has something to learn: convolutions help."""
    convolutions = sum("conv" in op for op in architecture.ops)
    return zlib.crc32(architecture.hash.encode()) % 97 / 1000 - convolutions
