import numpy as np

from archflow.spaces import NASBenchNLP
from archflow.spaces.nasbench_nlp.sampling import HIDDEN_STATES, sample_cells

SPACE = NASBenchNLP()


def test_cells_of_all_settings_are_drawn_and_can_be_written():
    cells = sample_cells(60, SPACE.vocabulary, np.random.default_rng(0))
    assert len(cells) == 60
    hidden = {sum(op.startswith("input:h_prev_") for op in cell.ops) for cell in cells}
    assert hidden == set(HIDDEN_STATES)
    for cell in cells.select(range(10)):
        assert SPACE.canonical(SPACE.parse(SPACE.format(cell))) == SPACE.canonical(cell)


def test_the_generator_decides():
    one, same, other = (sample_cells(9, SPACE.vocabulary, np.random.default_rng(seed)).hashes for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()
