"""The real tables, against what a space parses of their native strings."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow.spaces import SearchSpace


def table_of(data_folder: Path, name: str, space: SearchSpace) -> Table:
    """The table, its architectures as the space gives them."""
    table = read_table(data_folder / f"{name}.parquet")
    return replace(table, architectures=space.conform(table.architectures))


def assert_parses_as_the_table(space: SearchSpace, table: Table) -> None:
    assert table.native is not None
    assert_same(ArchitectureSet.from_architectures(parsed(space, table.native), space.vocabulary), table.architectures)


def parsed(space: SearchSpace, texts: Iterable[str]) -> list[Architecture]:
    return [space.parse(text) for text in texts]


def assert_same(ours: ArchitectureSet, theirs: ArchitectureSet) -> None:
    for name in ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    assert ours.vocabulary == theirs.vocabulary
    assert set(ours.attribute_names) == set(theirs.attribute_names)
    for name in ours.attribute_names:
        np.testing.assert_array_equal(ours.attribute(name), theirs.attribute(name), err_msg=name)
