"""Architectures beyond the range of others."""

import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.predict.explain.reach import beyond


def chain(*nodes: tuple[str, float]) -> Architecture:
    ops, widths = zip(*nodes, strict=True)
    return Architecture(ops, tuple((node, node + 1) for node in range(len(ops) - 1)), {"width": widths})


def test_sizes_operations_and_counts_of_nodes_that_no_other_has():
    known = ArchitectureSet.from_architectures(
        [chain(("conv", 8.0), ("norm", np.nan), ("linear", 90.0)), chain(("conv", 32.0), ("linear", 10.0))]
    )
    changed = [
        chain(("conv", 16.0), ("linear", 50.0)),
        chain(("conv", 64.0), ("linear", 50.0)),  # a width that only linear layers have
        chain(("conv", 4.0), ("linear", 50.0)),
        chain(("lstm", 16.0), ("linear", 50.0)),
        chain(("conv", 16.0), ("norm", np.nan), ("norm", np.nan), ("linear", 50.0)),
    ]
    assert beyond(ArchitectureSet.from_architectures(changed), known).tolist() == [False, True, True, True, True]


def test_without_attributes_operations_and_counts_decide():
    known = ArchitectureSet.from_architectures([Architecture(("a", "b"), ((0, 1),))])
    changed = [Architecture(("b", "a"), ((0, 1),)), Architecture(("a", "b", "a"), ((0, 1), (1, 2)))]
    assert beyond(ArchitectureSet.from_architectures(changed), known).tolist() == [False, True]
