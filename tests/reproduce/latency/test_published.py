"""The published latency predictors as methods of the study."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.recipes import presets
from archflow.testing import random_architectures
from archflow_reproduce.latency.methods import METHODS, LatencyTask
from archflow_reproduce.latency.methods.published import published
from archflow_reproduce.latency.tables import LatencyTable


@pytest.mark.parametrize("name", ["nnlp", "nar_former_v2_latency"])
def test_a_method_predicts_every_candidate(name, tmp_path, monkeypatch):
    preset, objective = presets.LATENCY[name]
    quick = replace(preset, config={"width": 16}, fine_tune=replace(preset.fine_tune, epochs=2))
    monkeypatch.setitem(presets.LATENCY, name, (quick, objective))
    some = random_architectures(24, seed=0, attributes=("macs", "params", "bytes"))
    table = LatencyTable("made/here", Table(some), 1.0 + some.edge_counts)
    found = published(name, LatencyTask(table, np.arange(16), np.arange(16, 24), 0, tmp_path))
    assert found.shape == (8,)
    assert (found > 0).all()
    assert f"published/{name}" in METHODS.names()
