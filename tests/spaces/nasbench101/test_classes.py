from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data.nasbench101_graphs import read_graphs
from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.nasbench101 import classes
from archflow.spaces.nasbench101.graphs import codes_of, graphs
from tests.spaces.nasbench101_cells import C1, C3, GOOD, SAMPLE, SPACE, cells, renumbered


@pytest.fixture(scope="module")
def everything() -> ArchitectureSet:
    return SPACE.enumerate()


@pytest.mark.parametrize(
    ("cell", "published"),
    [
        (Architecture(("input", "output"), ((0, 1),)), "043721b9c7fe8c5fad811d47d83132ec"),
        (Architecture(("input", C3, "output"), ((0, 1), (1, 2))), "b49ac8c578b4561d79ac7087988f1c61"),
        (GOOD, "28cfc7874f6d200472e1a9dcd8650aa0"),
    ],
)
def test_published_hashes_come_out(cell: Architecture, published: str) -> None:
    assert SPACE.hashes(ArchitectureSet.from_architectures([cell])) == [published]


@given(cells, st.integers(0, 99))
def test_numbering_does_not_matter(cell: Architecture, seed: int) -> None:
    other = renumbered(cell, seed)
    assert SPACE.canonical(other) == SPACE.canonical(cell)
    assert len(set(SPACE.hashes(ArchitectureSet.from_architectures([cell, other])))) == 1
    assert list(SPACE.neighbours(other)) == list(SPACE.neighbours(cell))
    both = ArchitectureSet.from_architectures([cell, other])
    assert len(set(SPACE.costs(both)["params"])) == 1
    assert classes.representatives(codes_of(both)).tolist() == codes_of(both)[:1].tolist() * 2


def test_hashes_of_a_set_are_those_of_each() -> None:
    few = SAMPLE.select(np.r_[5:25, 5, 7])
    assert SPACE.hashes(few) == [SPACE.hashes(few.select([row]))[0] for row in range(len(few))]
    assert SPACE.keys(few) == [SPACE.canonical(cell) for cell in few]
    assert SPACE.hashes(few.select([])) == []


def test_classes_of_few_nodes_are_those_of_brute_force() -> None:
    """Every graph and labelling of 4 nodes, classes by trying both orders of the inner nodes."""
    pairs = [(a, b) for b in range(4) for a in range(b)]
    found = set()
    for bits in range(1 << len(pairs)):
        edges = [pair for bit, pair in enumerate(pairs) if bits >> bit & 1]
        if {b for _, b in edges} != {1, 2, 3} or {a for a, _ in edges} != {0, 1, 2}:
            continue
        for labels in ((a, b) for a in range(3) for b in range(3)):
            forms = []
            for order in permutations((1, 2)):
                place = {0: 0, 3: 3, **dict(zip((1, 2), order, strict=True))}
                moved = sorted((place[a], place[b]) for a, b in edges)
                forms.append((moved, [labels[order.index(node)] for node in (1, 2)]))
            found.add(str(min(forms)))
    assert len(found) == len(classes.isomorphism_classes(4)) == 84


def test_numbers_of_classes_are_the_published_ones(everything: ArchitectureSet) -> None:
    assert len(everything) == SPACE.size == 423_624
    assert np.bincount(everything.node_counts).tolist() == [0, 0, 1, 6, 84, 2441, 62_010, 359_082]
    assert everything.edge_counts.max() == 9
    # No two are isomorphic: colour refinement, which isomorphism does not change, tells them all apart.
    assert len(np.unique(everything.hashes)) == SPACE.size


def test_all_cells_are_valid_and_in_order(everything: ArchitectureSet) -> None:
    codes = codes_of(everything)
    assert (np.diff(codes) > 0).all()
    assert list(everything.select(range(3))) == [
        Architecture(("input", "output"), ((0, 1),)),
        Architecture(("input", C3, "output"), ((0, 1), (1, 2))),
        Architecture(("input", C1, "output"), ((0, 1), (1, 2))),
    ]


def test_official_hashes_of_the_real_graphs(data_folder: Path, everything: ArchitectureSet) -> None:
    archive = data_folder / "nasbench101_graphs.npz"
    real = read_graphs(archive)
    codes = classes.representatives(codes_of(real))
    assert np.array_equal(np.sort(codes), codes_of(everything))
    rows = np.random.default_rng(0).choice(len(real), 4000, replace=False)
    with np.load(archive) as arrays:
        published = [digest.tobytes().hex() for digest in arrays["md5"][rows]]
    assert SPACE.hashes(real.select(rows)) == published
    assert SPACE.hashes(graphs(codes[rows])) == published
