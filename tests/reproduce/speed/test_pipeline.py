"""The whole benchmark: its steps and what it holds."""

import numpy as np
import pytest

from archflow.spaces import NASBench201
from archflow_reproduce.speed import encoders as speed_encoders
from archflow_reproduce.speed import pipeline as speed
from archflow_reproduce.speed.machine import CPU


def test_steps_are_told_in_advance(monkeypatch: pytest.MonkeyPatch):
    cells = NASBench201().sample(16, np.random.default_rng(0))
    told: list[str] = []
    monkeypatch.setattr(speed, "run_speed_encoders", lambda cells, device, on_step: on_step("encoders") or {})
    for part in ("_surrogate_us", "_pretrain_epoch_s", "_help_s", "run_speed_operations"):
        monkeypatch.setattr(speed, part, lambda *_: 1.0)
    for part in ("_nasbench101", "run_speed_spaces", "run_speed_large_graphs", "run_speed_proposals"):
        monkeypatch.setattr(speed, part, lambda: None)
    monkeypatch.setattr(NASBench201, "enumerate", lambda self: cells)
    result = speed.run_speed(CPU, told.append)
    # In place of "encoders": the matrix products, and every encoder that reads single architectures.
    assert len(told) - 1 + 1 + len(speed_encoders.encoders_of(cells)) == speed.speed_steps(CPU)
    assert result["config"] == {"device": "cpu", "threads": 1, "repeats": speed_encoders.REPEATS}
