import numpy as np
import pytest

from archflow.spaces.nasbench_nlp.steps import fault, steps

CELL = (("linear", (0, 1)), ("activation_tanh", (2,)))
"""One hidden state (0) and the word (1) into a linear node (2), and its activation (3)."""


def test_every_step_is_a_cell_and_leads_back():
    assert fault(1, CELL) == ""
    found = steps(1, CELL)
    assert found
    assert CELL not in found
    assert len(set(found)) == len(found)
    rng = np.random.default_rng(0)
    for near in (found[row] for row in rng.choice(len(found), 10)):
        assert fault(1, near) == ""
        assert CELL in steps(1, near)


@pytest.mark.parametrize(
    ("hidden", "cell", "reason"),
    [
        (1, (), "it has 0 nodes"),
        (1, (("linear", (0,)),), "node 2, 'linear', cannot have 1 inputs"),
        (1, (("activation_tanh", (0,)),), "no node reads x"),
        (1, (("activation_tanh", (1,)),), "no node reads h_prev_0"),
        (
            1,
            (*CELL[:1], ("activation_tanh", (0,))),
            "no other node reads 2 of the nodes, but there are 1 hidden states",
        ),
    ],
)
def test_what_is_no_cell_says_why(hidden, cell, reason):
    assert fault(hidden, cell).startswith(reason)
