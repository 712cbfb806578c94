import numpy as np

from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.darts import DARTS
from archflow.spaces.darts.graph import OPERATIONS, choices_of
from archflow.spaces.darts.neighbours import changeable, changed

SPACE = DARTS()
CELLS = choices_of(SPACE.sample(3, np.random.default_rng(0)))


def test_a_change_is_of_one_number() -> None:
    row, change = np.nonzero(changeable(CELLS))
    differing = changed(CELLS[row], change) != CELLS[row]
    assert np.bincount(row).tolist() == [120] * 3
    assert differing.sum(axis=(1, 2, 3)).tolist() == [1] * 360
    assert differing[..., 1].sum() == 3 * 96


def test_none_is_left_and_not_gone_to() -> None:
    cell = CELLS[:1].copy()
    cell[0, 1, 5, 1] = OPERATIONS.index("none")
    others = changed(np.repeat(cell, 121, 0), np.flatnonzero(changeable(cell)[0]))
    assert (others[:, 1, 5, 1] != cell[0, 1, 5, 1]).sum() == 7
    assert (others[..., 1] == OPERATIONS.index("none")).sum() == 121 - 7


def test_mutants_are_neighbours_in_any_order_of_edges() -> None:
    cell = SPACE.sample(1, np.random.default_rng(0))[0]
    turned = Architecture(cell.ops, cell.edges[::-1])
    packed = ArchitectureSet.from_architectures([turned] * 20)
    around = list(SPACE.neighbours(cell))
    assert all(each in around for each in SPACE.mutants(packed, np.random.default_rng(0)))
