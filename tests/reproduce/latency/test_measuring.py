"""Measuring the data set of the package."""

import json
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from archflow.devices.generated import drawn
from archflow.devices.generated.recurrent import Recurrent
from archflow.devices.yardstick import Yardstick
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow_reproduce.latency import data_set, passes
from archflow_reproduce.latency.data_set import graphs_of, networks_of, write_data_set
from archflow_reproduce.latency.measuring import (
    COMPILED,
    EAGER,
    compile_ahead,
    measure_compiled,
    measure_eager,
    passes_of,
)
from archflow_reproduce.latency.passes import CHECK, MEASURING, Passes, Rules, latency_of

SMALL = [
    Recurrent(
        **{"reads": "words", "cell": "gru", "length": length, "words": 10, "convolutions": 0, "width": 8, "states": 8},
        **{"depth": 1, "both": False, "classes": 2},
    )
    for length in range(2, 8)
]


class Progress:
    def advance(self, steps: int = 1, note: str = "") -> None:
        pass

    def reach(self, done: int, note: str = "") -> None:
        pass


@pytest.fixture
def quick(monkeypatch):
    """Nothing is ever disturbed, and two passes always agree."""
    monkeypatch.setattr(passes, "RULES", Rules(runs=3, agree=1e9))
    monkeypatch.setattr(passes, "_FIRST_LOOKS", 0)
    monkeypatch.setattr(Passes, "quiet_cores", lambda self: [0, 1])
    monkeypatch.setattr(Yardstick, "disturbed", lambda self: False)


@pytest.fixture
def one_thread(monkeypatch):
    monkeypatch.setattr("archflow_reproduce.latency.measuring.EAGER", EAGER[:1])


def test_the_two_fastest_passes_decide():
    assert latency_of([]) is None
    assert latency_of([1.0]) is None
    assert latency_of([1.0, 1.5]) is None
    assert latency_of([1.5, 1.02, 1.0]) == 1.0


def test_from_networks_to_the_data_set(tmp_path, monkeypatch, quick, one_thread):
    measure_eager(SMALL, tmp_path, Progress())
    found = passes_of(tmp_path, "eager", SMALL)
    assert [len(found.made(0, EAGER[0], session)) for session in (MEASURING, CHECK)] == [2, 1]
    before = (tmp_path / "eager.journal.jsonl").read_bytes()
    measure_eager(SMALL, tmp_path, Progress())
    assert (tmp_path / "eager.journal.jsonl").read_bytes() == before, "nothing is measured again"
    monkeypatch.setattr(data_set, "FEWEST", 6)
    graphs = graphs_of(SMALL, tmp_path, Progress())
    about = write_data_set(SMALL, graphs, tmp_path, tmp_path / "set.parquet")
    table = read_table(tmp_path / "set.parquet")
    assert table.native == [spec.native for spec in SMALL]
    assert (table.metric("latency_ms_1_eager") > 0).all()
    assert np.isfinite(table.metric("macs")).all()
    assert about["settings"]["latency_ms_1_eager"]["networks"] == 6
    assert json.loads((tmp_path / "set.json").read_text()) == about
    # Settings that another folder has not measured stay, unless they were measured by other rules.
    assert write_data_set(SMALL, graphs, tmp_path / "other", tmp_path / "set.parquet") == about
    again = read_table(tmp_path / "set.parquet").metric("latency_ms_1_eager")
    np.testing.assert_array_equal(again, table.metric("latency_ms_1_eager"))
    specs, there = networks_of(tmp_path / "set.parquet", 6)
    assert there is not None
    assert specs == SMALL
    assert networks_of(tmp_path / "set.parquet", 5) == (drawn(5), None)
    monkeypatch.setattr(data_set, "RULES", Rules(runs=4, agree=1e9))
    with pytest.raises(ArchflowError, match=r"was measured with rules .*; write to another file with --out"):
        write_data_set(SMALL, graphs, tmp_path / "other", tmp_path / "set.parquet")
    with pytest.raises(ArchflowError, match="fewer than 6 networks are measured"):
        write_data_set(SMALL, graphs, tmp_path / "other", tmp_path / "new.parquet")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # of torch's own modules
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, such as g++")
def test_a_network_is_compiled_once_and_measured_from_the_cache(tmp_path, monkeypatch, quick):
    perceptron = Feed()
    compile_ahead([perceptron], 1, tmp_path, Progress())
    monkeypatch.setattr("torch._inductor.graph.GraphLowering.codegen", None)  # nothing can be compiled
    measure_compiled([perceptron], 1, tmp_path, Progress())
    found = passes_of(tmp_path, "compiled", [perceptron])
    assert [len(found.made(0, setting, MEASURING)) for setting in COMPILED] == [2]


class Feed:
    """A network of one layer, which compiles in seconds."""

    family, native = "feed", "feed"

    def build(self, seed):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval(), (torch.zeros(2, 4),)
