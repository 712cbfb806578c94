"""An encoder pre-trained on real graphs, as a method of the study."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.testing import random_architectures
from archflow_reproduce.latency.methods import METHODS, LatencyTask, pretrained
from archflow_reproduce.latency.tables import LatencyTable

COSTS = ("macs", "params", "bytes")


def graphs(count, seed):
    some = random_architectures(count, seed=seed, attributes=COSTS)
    return Table(some, {"macs": np.arange(1.0, count + 1)})


@pytest.fixture
def task(tmp_path, monkeypatch):
    table = LatencyTable("made/here", graphs(24, 0), 1.0 + graphs(24, 0).architectures.edge_counts)
    corpus = graphs(20, 1)
    monkeypatch.setattr(pretrained, "CONFIG", {"width": 8, "readout": "log_sum"})
    monkeypatch.setattr(pretrained, "PRETRAINING", replace(pretrained.PRETRAINING, epochs=1))
    monkeypatch.setattr(pretrained, "FINE_TUNING", replace(pretrained.FINE_TUNING, epochs=2))
    monkeypatch.setattr(pretrained, "graphnet", lambda folder: corpus)
    return LatencyTask(table, np.arange(16), np.arange(16, 24), 0, tmp_path / "made-here")


@pytest.mark.parametrize("way", ["fresh", "fgp", "gmae"])
def test_every_candidate_is_predicted(way, task):
    found = METHODS.get(f"gated_gcn/{way}")(task)
    assert found.shape == (8,)
    assert (found > 0).all()
    assert len(list(task.folder.parent.glob(f"{way}-0-*.state"))) == (way != "fresh")


def test_all_ways_start_from_the_same_weights_and_pre_training_moves_them(task):
    shown, corpus = task.of.table.architectures, pretrained.graphnet(task.folder)
    fresh, again, flow = (pretrained.starting(way, shown, corpus, task) for way in ("fresh", "fresh", "flow"))
    weights = [each.encoder.state_dict()["operations.weight"] for each in (fresh, again, flow)]
    assert (weights[0] == weights[1]).all()
    assert (weights[0] != weights[2]).any()
    assert fresh.vocabulary == flow.vocabulary


def test_no_structure_of_the_table_is_pre_trained_on(task, monkeypatch):
    seen = []
    monkeypatch.setattr(pretrained, "pretrain", lambda embedder, name, some, *_, **__: seen.append(some))
    table = task.of.table
    pretrained.starting("gmae", table.architectures, table.select(np.arange(20)), task)
    assert len(seen[0]) == 0
