import numpy as np

from archflow.search.gain import best_by_gain


def test_the_highest_of_every_draw_and_none_twice():
    draws = np.array([[1.0, 3.0, 2.0], [0.0, 9.0, 1.0], [5.0, 0.0, 0.0]])[..., None]
    assert best_by_gain(draws, np.zeros((3, 3)), np.zeros((0, 1))).tolist() == [1, 2, 0]


def test_what_breaks_a_constraint_comes_last_and_the_least_offence_first():
    draws, broken = np.array([[9.0, 1.0, 8.0]] * 3)[..., None], np.array([[2.0, 0.0, 1.0]] * 3)
    assert best_by_gain(draws, broken, np.zeros((0, 1))).tolist() == [1, 2, 0]


def test_for_several_objectives_what_adds_most_to_the_front():
    measured = np.array([[4.0, 0.0], [0.0, 4.0]])
    candidates = np.array([[3.9, 0.1], [3.0, 3.0], [2.9, 2.9]])
    first, second = best_by_gain(np.stack([candidates] * 2), np.zeros((2, 3)), measured)
    assert first == 1
    assert second == 0  # the third is dominated by what the first draw has chosen
