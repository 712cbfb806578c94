import numpy as np

from archflow.spaces.nasbench101.codes import Moves, adjacency, are_cells, edge_bit, encode, moved, operations, sizes
from archflow.spaces.nasbench101.sampling import random_cells

CELLS = random_cells(3000, np.random.default_rng(0))


def test_a_code_is_its_cell():
    assert np.array_equal(encode(sizes(CELLS), adjacency(CELLS), operations(CELLS)), CELLS)
    assert are_cells(CELLS).all()
    first = adjacency(CELLS[:1])[0]
    source, target = np.nonzero(first)
    assert edge_bit(source, target).sum() == int(CELLS[0]) & (2**29 - 2**8)


def test_what_is_on_no_path_makes_no_cell():
    matrix, none = np.zeros((4, 7, 7), bool), np.zeros((4, 5), np.int64)
    matrix[0, 0, 1] = matrix[0, 1, 2] = True
    matrix[1, 0, 2] = True  # node 1 has no edge at all
    matrix[2, 0, 1] = matrix[2, 0, 2] = True  # node 1 leads nowhere
    matrix[3][np.triu_indices(7, 1)] = True  # 21 edges
    assert are_cells(encode(np.array([3, 3, 3, 7]), matrix, none)).tolist() == [True, False, False, False]


def test_moved_nodes_take_edges_and_operations_along():
    cells = CELLS[sizes(CELLS) == 7]
    stay, swap = np.arange(7), np.array([0, 2, 1, 3, 4, 5, 6])
    codes, forward = moved(cells, Moves.to(np.stack([stay, swap])))
    assert forward[:, 0].all()
    assert np.array_equal(codes[:, 0] + (7 << 29), cells)
    assert np.array_equal(forward[:, 1], ~adjacency(cells)[:, 1, 2])
    there = forward[:, 1]
    assert there.any()
    again = adjacency(codes[there, 1] + (7 << 29))
    assert np.array_equal(again[:, swap][:, :, swap], adjacency(cells[there]))
    assert np.array_equal(operations(codes[there, 1])[:, [1, 0, 2, 3, 4]], operations(cells[there]))
