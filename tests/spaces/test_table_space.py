from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table, read_table
from archflow.spaces import FBNet, NASBench201
from archflow.spaces.table_neighbours import one_change_apart
from archflow.spaces.table_space import TableSpace
from archflow.testing import check_search_space, random_architectures, relabelled
from tests.strategies import sets

FEW = random_architectures(150, seed=2, ops=("input", "conv", "output"), max_nodes=4, edge_share=0.6)
SPACE = TableSpace(Table(FEW), "few")


def variants(architecture: Architecture, ops: tuple[str, ...]) -> set[str]:
    """Hashes of everything one operation or one edge away, by making all of it."""
    count, edges = len(architecture.ops), set(architecture.edges)
    changed = [
        Architecture((*architecture.ops[:node], op, *architecture.ops[node + 1 :]), architecture.edges)
        for node in range(count)
        for op in ops
    ]
    for edge in ((a, b) for a in range(count) for b in range(count) if a != b):
        try:
            changed.append(Architecture(architecture.ops, tuple(sorted(edges ^ {edge}))))
        except ArchflowError:
            continue  # the edge would close a cycle
    return {a.hash for a in changed} - {architecture.hash}


def distinct(architectures: ArchitectureSet) -> ArchitectureSet:
    return architectures.select(np.sort(np.unique(architectures.hashes, return_index=True)[1]))


def assert_neighbours(architectures: ArchitectureSet) -> None:
    bounds, others = one_change_apart(architectures)
    hashes = [a.hash for a in architectures]
    for row, architecture in enumerate(architectures):
        near = variants(architecture, architectures.vocabulary.ops)
        found = others[bounds[row] : bounds[row + 1]].tolist()
        assert found == [other for other in range(len(hashes)) if hashes[other] in near]


def test_neighbours_are_all_rows_one_change_away() -> None:
    assert_neighbours(distinct(FEW))


@settings(max_examples=25)
@given(sets(max_size=6))
def test_neighbours_of_any_set(architectures: ArchitectureSet) -> None:
    assert_neighbours(distinct(architectures))


def test_a_node_s_operation_and_attributes_are_one_change() -> None:
    """Rows of a chain space are neighbours where the space says so: an operation changes with its numbers."""
    chains = FBNet()
    one = chains.sample(1, np.random.default_rng(0))
    around = chains.neighbours(one[0]).select(np.arange(0, 170, 17))
    far = chains.neighbours(around[0])
    far = far.select([row for row, a in enumerate(far) if a not in [one[0], *around]][-5:])
    space = TableSpace(Table(ArchitectureSet.concatenate([one, around, far])), "chains")
    check_search_space(space)
    assert space.attribute_names == chains.attribute_names
    assert {a.hash for a in space.neighbours(one[0])} == {a.hash for a in around}
    known = {a.hash for a in chains.neighbours(far[0])}
    assert {a.hash for a in space.neighbours(far[0])} == known & {a.hash for a in space.enumerate()}


def test_work_in_parts_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = one_change_apart(distinct(FEW))
    monkeypatch.setattr("archflow.spaces.table_neighbours._NODES_AT_ONCE", 50)
    for one, other in zip(whole, one_change_apart(distinct(FEW)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_any_table_holds_the_contract() -> None:
    check_search_space(SPACE)
    cells = NASBench201().enumerate().select(np.arange(0, 15_625, 180))  # most of them far from each other
    space = NASBench201()
    check_search_space(TableSpace(Table(cells, native=[space.format(cell) for cell in cells]), "cells"))


def test_isomorphic_rows_are_one_architecture() -> None:
    some = distinct(FEW).select(np.arange(20))
    renumbered, _ = relabelled(some, seed=1)
    space = TableSpace(Table(ArchitectureSet.concatenate([some, renumbered])))
    assert space.size == 20
    np.testing.assert_array_equal(space.rows, np.arange(20))
    np.testing.assert_array_equal(space.rows_of(renumbered[3]), [3, 23])
    assert space.parse(space.format(renumbered[3])) == some[3]
    assert list(space.enumerate()) == list(some)


def path(*ops: str) -> Architecture:
    return Architecture(ops, tuple((i, i + 1) for i in range(len(ops) - 1)))


def table(*architectures: Architecture, native: list[str] | None = None) -> Table:
    return Table(ArchitectureSet.from_architectures(architectures, Vocabulary(("a", "b", "c", "d"))), native=native)


def test_native_strings_where_there_are_some_and_numbers_of_rows_elsewhere() -> None:
    one, two, three = path("a"), path("a", "b"), path("b", "a", "b")
    space = TableSpace(table(one, two, three, native=["first", "", "third"]))
    assert [space.format(a) for a in space.enumerate()] == ["first", "row 1", "third"]
    for text, expected in (("first", one), (one.hash, one), (two.hash, two), ("row 1", two), ("third", three)):
        assert space.parse(text) == expected


def test_a_name_that_looks_like_the_number_of_a_row_keeps_its_meaning() -> None:
    one, two = path("a"), path("a", "b")
    space = TableSpace(table(one, two, native=["row 1", ""]))
    assert [space.format(a) for a in space.enumerate()] == ["row 1", two.hash]
    assert space.parse("row 1") == one


def test_typos_are_located() -> None:
    space = TableSpace(table(path("a"), path("b"), native=["conv-3x3-pool", "conv-5x5-pool"]), "mine")
    with pytest.raises(
        ArchflowError, match=r"mine: 'conv-3x4-pool' .* differs at character 8 from the nearest, 'conv-3x3-pool'"
    ):
        space.parse("conv-3x4-pool")
    with pytest.raises(ArchflowError, match="differs at character 14"):
        space.parse("conv-3x3-pools")
    with pytest.raises(ArchflowError, match="differs at character 1"):
        space.parse("")
    for use in (space.format, space.canonical, space.neighbours, space.rows_of):
        with pytest.raises(ArchflowError, match="is not in the table"):
            use(path("c"))


def test_unusable_tables_are_refused() -> None:
    with pytest.raises(ArchflowError, match="mine: row 1 differs from an earlier architecture called 'same'"):
        TableSpace(table(path("a"), path("b"), native=["same", "same"]), "mine")
    with pytest.raises(ArchflowError, match="the table is empty"):
        TableSpace(table(path("a")).select(np.empty(0, np.int64)))


def test_rows_that_nothing_is_near_to_stand_in_a_ring() -> None:
    """Paths of different lengths, and two that are near each other."""
    far = [path(*"a" * length) for length in range(1, 31, 2)]
    space = TableSpace(table(*far, path("b", "c"), path("b", "d")))
    lengths = {len(a.ops) for a in space.neighbours(far[7])}
    assert lengths == {len(a.ops) for a in far[2:13]} - {len(far[7].ops)}
    assert {len(a.ops) for a in space.neighbours(far[0])} == {len(a.ops) for a in (*far[1:6], *far[-5:])}
    assert list(space.neighbours(path("b", "c"))) == [path("b", "d")]


def test_a_single_row_without_neighbours_is_next_to_all() -> None:
    space = TableSpace(table(path("a", "b", "c"), path("b", "c"), path("b", "d")))
    assert list(space.neighbours(path("a", "b", "c"))) == [path("b", "c"), path("b", "d")]
    assert list(space.neighbours(path("b", "c"))) == [path("a", "b", "c"), path("b", "d")]


def test_a_table_of_one_has_no_neighbours() -> None:
    space = TableSpace(table(path("a")), "one")
    assert len(space.neighbours(path("a"))) == 0
    with pytest.raises(ArchflowError, match="one: it has a single architecture, which has no neighbours"):
        space.mutate(path("a"), np.random.default_rng(0))


def test_samples_are_uniform() -> None:
    space = TableSpace(table(*(path(*pair) for pair in combinations("abcd", 2))))
    counts = np.unique(space.sample(6000, np.random.default_rng(0)).hashes, return_counts=True)[1]
    assert (np.abs(counts - 1000) < 5 * np.sqrt(1000 * 5 / 6)).all()


def test_the_space_of_a_real_table(data_folder: Path) -> None:
    real = read_table(data_folder / "nasbench201.parquet")
    assert real.native is not None
    some = real.select(np.array([text.startswith("|none~0|+|skip_connect~0|") for text in real.native]))
    space, whole = TableSpace(some), NASBench201()
    assert some.native is not None
    here = set(some.native)
    assert len(here) == 5**4
    for text in some.native[::97]:
        around = {space.format(a) for a in space.neighbours(space.parse(text))}
        assert around == {whole.format(a) for a in whole.neighbours(whole.parse(text))} & here
