import numpy as np

from archflow.spaces.nasbench101.codes import Moves, moved, sizes
from archflow.spaces.nasbench101.official_hash import official_hashes
from archflow.spaces.nasbench101.sampling import random_cells

CELLS = random_cells(60, np.random.default_rng(0))


def test_neither_repeats_nor_their_order_matter():
    hashes = official_hashes(CELLS)
    order = np.random.default_rng(1).permutation(60)
    twice = np.concatenate([CELLS[order], CELLS])
    assert official_hashes(twice) == [*(hashes[row] for row in order), *hashes]
    assert official_hashes(CELLS[:0]) == []


def test_renumbered_cells_have_one_hash_and_others_another():
    many = random_cells(3000, np.random.default_rng(2))
    cells = many[sizes(many) == 7]
    codes, forward = moved(cells, Moves.to(np.array([[0, 2, 1, 3, 4, 5, 6]])))
    there = forward[:, 0]
    renumbered = codes[there, 0] + (7 << 29)
    assert (renumbered != cells[there]).any()
    assert official_hashes(renumbered) == official_hashes(cells[there])
    assert len(set(official_hashes(CELLS))) > 30
