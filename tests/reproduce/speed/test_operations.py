"""The cost of many operations beside that of few, on the same graphs."""

import numpy as np
import pytest

from archflow.spaces import NASBench201
from archflow_reproduce.speed import encoders as speed_encoders
from archflow_reproduce.speed import operations
from archflow_reproduce.speed.machine import CPU
from archflow_reproduce.speed.operations import FEW, MANY, run_speed_operations, with_operations
from tests.reproduce.speed.clocks import Ticking


@pytest.fixture(scope="module")
def cells():
    return NASBench201().sample(300, np.random.default_rng(0))


def test_graphs_stay_and_operations_are_drawn_from_all_names(cells):
    many = with_operations(cells, MANY)
    assert len(many.vocabulary) == MANY
    assert np.array_equal(many.edge_src, cells.edge_src)
    assert np.array_equal(many.node_ptr, cells.node_ptr)
    assert set(many.op.tolist()) == set(range(MANY))


def test_both_are_timed_in_turn(cells, monkeypatch):
    monkeypatch.setattr(speed_encoders, "REPEATS", 1)
    monkeypatch.setattr(speed_encoders, "ENCODED", {operations.BATCH: operations.BATCH})
    monkeypatch.setattr(speed_encoders, "STEPS", {operations.STEP: 1})
    monkeypatch.setattr(operations, "ROUNDS", 2)
    seen = []
    encode = operations.encode_us
    monkeypatch.setattr(
        operations, "encode_us", lambda model, *rest, **more: seen.append(model.n_ops) or encode(model, *rest, **more)
    )
    result = run_speed_operations(cells, CPU, Ticking(0.5))
    assert seen == [FEW, MANY, FEW, MANY]
    assert result["encode_us"][str(MANY)] == {"min": 3906.25, "median": 3906.25}
    assert result["step_s"][str(FEW)] == {"min": 0.5, "median": 0.5}
    assert (result["encode_ratio"], result["step_ratio"], result["asked"]) == (1.0, 1.0, 1.5)
