from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import read_table
from tests.strategies import OPS, VOCABULARY, sets

A = Architecture(("input", "conv", "output"), ((0, 1), (1, 2)))
B = Architecture(("output", "input"), ((1, 0),))
C = Architecture(("pool",), ())


def arrays(**changed) -> ArchitectureSet:
    """A set of A, B, C from raw arrays, some of them replaced."""
    good = ArchitectureSet.from_architectures([A, B, C], VOCABULARY)
    names = ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr")
    return ArchitectureSet(VOCABULARY, *(changed.get(name, getattr(good, name)) for name in names))


@given(st.lists(sets(), min_size=1, max_size=3))
def test_a_set_is_the_list_of_its_architectures(parts):
    together = ArchitectureSet.concatenate(parts)
    objects = [architecture for part in parts for architecture in part]
    assert list(together) == objects
    assert len(together) == len(objects)
    assert list(ArchitectureSet.from_architectures(objects, VOCABULARY)) == objects
    assert together[-1] == objects[-1]


@given(sets(), st.data())
def test_selecting_rows_is_indexing_a_list(some, data):
    rows = data.draw(st.lists(st.integers(-len(some), len(some) - 1), max_size=5))
    assert list(some.select(rows)) == [some[row] for row in rows]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(some), max_size=len(some))))
    assert list(some.select(mask)) == [a for a, chosen in zip(some, mask, strict=True) if chosen]


def test_selecting_what_is_not_there_is_refused():
    some = arrays()
    for rows in ([3], [-4], np.array([True])):
        with pytest.raises(IndexError):
            some.select(rows)


def longest_path_to(architecture: Architecture, node: int) -> int:
    before = [source for source, target in architecture.edges if target == node]
    return 1 + max(longest_path_to(architecture, source) for source in before) if before else 0


@given(sets())
def test_levels_depths_and_counts_are_those_of_every_architecture(some):
    levels = [[longest_path_to(a, node) for node in range(len(a.ops))] for a in some]
    assert some.levels.tolist() == [level for graph in levels for level in graph]
    assert some.depths.tolist() == [max(graph) for graph in levels]
    assert some.op_counts.tolist() == [[Counter(a.ops)[op] for op in OPS] for a in some]
    assert some.node_counts.tolist() == [len(a.ops) for a in some]
    assert some.edge_counts.tolist() == [len(a.edges) for a in some]


def pieces(architecture: Architecture) -> list[set[int]]:
    """Connected components, each node's joined with its neighbours' one edge after the other, by lowest node."""
    found = [{node} for node in range(len(architecture.ops))]
    for edge in architecture.edges:
        touched = [piece for piece in found if piece & set(edge)]
        found = [piece for piece in found if piece not in touched] + [set().union(*touched)]
    return sorted(found, key=min)


def cells_by_hand(architecture: Architecture) -> tuple[list[int], int]:
    """Every node's cell, and how many there are."""
    parts = [piece for piece in pieces(architecture) if len(piece) > 1]
    number = {node: cell for cell, piece in enumerate(parts) for node in piece}
    count = len(architecture.ops)
    own = []
    for node in range(count):
        # Itself, those behind it, then those before it, from near to far.
        around = [*range(node, count), *range(node - 1, -1, -1)]
        own.append(next((number[other] for other in around if other in number), 0))
    return own, len(parts)


@given(sets())
def test_cells_are_parts_that_no_edge_joins(some):
    expected = [cells_by_hand(a) for a in some]
    assert some.cells.tolist() == [cell for own, _ in expected for cell in own]
    assert some.cell_counts.tolist() == [count for _, count in expected]


def test_inputs_that_nobody_takes_stay_with_their_cell(data_folder):
    """Trained DARTS genotypes, some of which take one of their inputs only: both cells have 15 nodes nevertheless."""
    genotypes = read_table(data_folder / "darts_trained.parquet").architectures
    assert (genotypes.undirected.degree == 0).any()
    assert (genotypes.cell_counts == 2).all()
    assert (genotypes.cells.reshape(-1, 2, 15) == [[0], [1]]).all()


def test_a_long_path_is_one_cell_however_it_is_numbered():
    generator = np.random.default_rng(0)
    for order in (np.arange(200), np.arange(200)[::-1], generator.permutation(200)):
        edges = tuple(zip(order[:-1].tolist(), order[1:].tolist(), strict=True))
        path = ArchitectureSet.from_architectures([Architecture(("conv",) * 200, edges)])
        assert not path.cells.any()
        assert path.cell_counts.tolist() == [1]


@given(sets(), st.permutations((*OPS, "unused")))
def test_recoding_changes_ids_but_no_architecture(some, ops):
    recoded = some.recoded(Vocabulary(tuple(ops)))
    assert recoded.vocabulary.ops == tuple(ops)
    assert list(recoded) == list(some)
    assert (recoded.hashes == some.hashes).all()


def test_recoding_lists_all_unknown_operations_and_counts_their_rows():
    with pytest.raises(ArchflowError) as caught:
        arrays().recoded(Vocabulary(("input", "output", "conv")))
    assert str(caught.value) == "row 2: unknown operation 'pool' (in 1 of 3 rows); known here: input, output, conv"
    some = ArchitectureSet.from_architectures([A, Architecture(("conv", "z", "z", "y"), ()), Architecture(("z",), ())])
    with pytest.raises(
        ArchflowError, match=r"row 1: unknown operations 'z' \(in 2 of 3 rows\), 'y' \(in 1 of 3 rows\); kn"
    ):
        some.recoded(arrays().vocabulary)
    assert some.known_to(arrays().vocabulary).tolist() == [True, False, False]
    assert some.known_to(Vocabulary(("[unknown]", "conv"))).all()
    many = ArchitectureSet.from_architectures([Architecture(tuple(f"op{i}" for i in range(60)), ())])
    with pytest.raises(ArchflowError, match=r"'op39' \(in 1 of 1 rows\) and 20 more; known here: conv$"):
        many.recoded(Vocabulary(("conv",)))


def test_sets_of_different_vocabularies_do_not_mix():
    other = ArchitectureSet.from_architectures([B])
    with pytest.raises(ArchflowError, match="different vocabularies"):
        ArchitectureSet.concatenate([arrays(), other])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"op": [0, 2, 1, 1, 0, 9]}, "row 2: an operation id is not in the vocabulary"),
        ({"op": [0, 2, 1, -1, 0, 3]}, "row 1: an operation id is not in the vocabulary"),
        ({"edge_dst": [1, 2, 2]}, "row 1: an edge points outside the graph"),
        ({"edge_src": [0, 1, -1]}, "row 1: an edge points outside the graph"),
        ({"edge_dst": [1, -1, 0]}, "row 0: an edge points outside the graph"),
        ({"edge_src": np.array([2**32, 1, 1])}, "row 0: an edge points outside the graph"),
        ({"edge_src": np.array([2**64 - 1, 1, 1], np.uint64)}, "row 0: an edge points outside the graph"),
        ({"edge_dst": [1, 1, 0]}, "row 0: a node has an edge to itself"),
        ({"edge_src": [0, 0, 1], "edge_dst": [1, 1, 0]}, "row 0: an edge is given twice"),
        ({"edge_src": [0, 1, 1], "edge_dst": [1, 0, 0]}, "row 0: the graph has a cycle"),
        ({"node_ptr": [0, 3, 3, 6]}, "row 1: it has no node"),
        ({"node_ptr": [0, 3, 5]}, "node_ptr must rise from 0 to the 6 entries"),
        ({"node_ptr": [0, 5, 3, 6]}, "node_ptr must rise"),
        ({"edge_ptr": [0, 3]}, "of different lengths"),
        ({"edge_dst": [1, 2]}, "of different lengths"),
        ({"edge_src": [0.5, 1.0, 1.0]}, "are integers, not float64"),
        ({"edge_src": [False, True, True]}, "are integers, not bool"),
        ({"edge_src": ["0x0", "0x1", "0x1"]}, "are integers, not <U3"),
        ({"edge_src": [0, 1, 10**30]}, "are integers, not object"),
        ({"edge_src": [[0, 1, 1]]}, r"are one flat array, not of shape \(1, 3\)"),
        ({"edge_src": np.array(0)}, r"are one flat array, not of shape \(\)"),
        ({"op": 0}, r"are one flat array, not of shape \(\)"),
        ({"op": [0, [2]]}, "are one flat array, not lists of several lengths"),
        ({"node_ptr": [[0, 3, 5, 6]]}, r"row boundaries are one flat array, not of shape \(1, 4\)"),
        ({"node_ptr": [0, 3, 5.5, 6]}, "row boundaries are integers, not float64"),
        ({"node_ptr": "x"}, r"row boundaries are one flat array, not of shape \(\)"),
        ({"node_ptr": [0, 3, 5, 10**30]}, "row boundaries are integers, not object"),
        ({"node_ptr": [0, 2**63 - 1, -2, 6]}, "node_ptr must rise"),
        ({"edge_ptr": [0, -1, 3, 3]}, "edge_ptr must rise"),
    ],
)
def test_arrays_that_are_no_architectures_are_refused_by_row(changed, message):
    with pytest.raises(ArchflowError, match=message):
        arrays(**changed)


def test_what_is_no_set_is_refused():
    good = arrays()
    columns = (good.op, good.node_ptr, good.edge_src, good.edge_dst, good.edge_ptr)
    for vocabulary in (None, OPS):
        with pytest.raises(ArchflowError, match="is not a Vocabulary"):
            ArchitectureSet(vocabulary, *columns)  # type: ignore[arg-type]
    for wrong in (5, None, A, [1], "ab"):
        with pytest.raises(ArchflowError, match=r"architecture set: .* is not an? "):
            ArchitectureSet.from_architectures(wrong)  # type: ignore[arg-type]
    for attributes, names in (("x", ["k"]), ([["a"]] * 6, ["k"]), ([1, [2]], ["k"]), ([[1]] * 6, "k"), ([[1]] * 6, 5)):
        with pytest.raises(ArchflowError, match="architecture set: "):
            ArchitectureSet(VOCABULARY, *columns, attributes=attributes, attribute_names=names)  # type: ignore[arg-type]
    with pytest.raises(ArchflowError, match="there are no sets"):
        ArchitectureSet.concatenate([])


def test_arrays_may_be_memory_mapped(tmp_path):
    good = arrays()
    paths = {name: tmp_path / f"{name}.npy" for name in ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr")}
    for name, path in paths.items():
        np.save(path, getattr(good, name))
    mapped = arrays(**{name: np.load(path, mmap_mode="r") for name, path in paths.items()})
    assert list(mapped) == list(good)
    assert isinstance(mapped.op.base, np.memmap) or isinstance(mapped.op, np.memmap)


def test_the_empty_set_is_a_set():
    empty = arrays().select([])
    assert (len(empty), list(empty), empty.depths.tolist(), empty.op_counts.shape) == (0, [], [], (0, 4))
    assert len(empty.hashes) == len(empty.levels) == len(empty.cells) == len(empty.cell_counts) == 0
    assert len(ArchitectureSet.from_architectures([])) == 0
