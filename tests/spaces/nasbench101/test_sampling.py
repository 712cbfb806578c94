import numpy as np

from archflow.spaces.nasbench101.codes import are_cells
from archflow.spaces.nasbench101.sampling import random_cells


def test_random_cells_are_cells_and_fewer_are_the_first_of_more():
    many = random_cells(5000, np.random.default_rng(3))
    assert len(many) == 5000
    assert are_cells(many).all()
    assert len(np.unique(many)) > 1000
    assert np.array_equal(random_cells(20, np.random.default_rng(3)), many[:20])
    assert len(random_cells(0, np.random.default_rng(3))) == 0
