"""The speed benchmark counts what it says it counts."""

import math

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS, Encoder, GatedGCN, OperationMLP
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.spaces import NASBench201
from archflow_reproduce.results.speed_report import speed_tables
from archflow_reproduce.speed import encoders as speed_encoders
from archflow_reproduce.speed import pipeline as speed
from archflow_reproduce.speed.encoders import encoder_speed, matmul_flops, parts_used, run_speed_encoders, traffic_bytes
from archflow_reproduce.speed.machine import CPU, copy_gbs, device_named, matmul_gflops, median_seconds


@pytest.fixture(scope="module")
def cells() -> ArchitectureSet:
    return NASBench201().sample(16, np.random.default_rng(0))


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same measurements on less."""
    monkeypatch.setattr(speed_encoders, "REPEATS", 1)
    monkeypatch.setattr(speed_encoders, "LARGE", 32)
    monkeypatch.setattr(speed_encoders, "ENCODED", {1: 2, 8: 16, 32: 32})
    monkeypatch.setattr(speed_encoders, "STEPS", {16: 1, 32: 1})


def test_matmul_flops_counts_the_products_of_the_layers(cells):
    nodes, ops, width = 16 * 8, 7, 32
    mlp = OperationMLP(ops, width=width).eval()
    assert matmul_flops(mlp, Batch(cells)) == 2 * nodes * (ops * width + 2 * width * width)
    gated = GatedGCN(ops, width=width).eval()
    # The first convolution is computed for the operations, the other two for the nodes.
    assert matmul_flops(gated, Batch(cells)) == 2 * (ops + 2 * nodes) * width * 4 * width


def test_parts_of_the_batch_that_an_encoder_uses(cells):
    used = {
        name: parts_used(ENCODERS.get(name)(n_ops=7, width=16).eval(), Batch(cells))
        for name in ("gated_gcn", "gin", "mlp", "transformer", "flowerformer")
    }
    assert used["gated_gcn"] == used["gin"] == ["undirected", "uniform_size"]
    assert used["mlp"] == ["uniform_size"]
    assert "level" in used["transformer"]
    assert {"leveled", "connected"} <= set(used["flowerformer"])


class _Sums(Encoder):
    """x = ReLU(table[op]), summed over nodes: three operations whose bytes are easily told. Not stackable."""

    def __init__(self) -> None:
        super().__init__()
        self.n_ops, self.dim, self.width = 7, 10, 10
        self.table = torch.nn.Parameter(torch.randn(7, 10))

    def forward(self, batch: Batch) -> torch.Tensor:
        torch.empty(99, 99)  # memory that nobody reads or writes
        return torch.relu_(self.table[batch.op])

    def embed(self, batch: Batch) -> torch.Tensor:
        return self(batch).view(len(batch), -1, 10).sum(1)


def test_traffic_counts_what_operations_read_and_write(cells):
    nodes = 16 * 8
    looked_up = 4 * 7 * 10 + 8 * nodes + 4 * 10 * nodes  # float32 table, int64 rows, result
    in_place, summed = 2 * 4 * 10 * nodes, 4 * 10 * (nodes + 16)
    assert traffic_bytes(_Sums().eval(), Batch(cells)) == looked_up + in_place + summed


@pytest.mark.usefixtures("brief")
def test_an_encoder_is_timed_in_use_and_in_training(cells):
    encoder = GatedGCN(7, width=16)
    before = [parameter.detach().clone() for parameter in encoder.parameters()]
    facts = encoder_speed(encoder, cells, CPU, gflops=2.0, gbs=4.0)
    assert list(facts["encode_us"]) == ["1", "8", "32"]
    assert list(facts["step_s"]) == ["16", "32"]
    flops = matmul_flops(encoder, Batch(cells, np.arange(32) % 16)) / 32
    assert facts["mflop"] == pytest.approx(flops / 1e6, abs=1e-3)
    assert facts["roof_us"] == pytest.approx(flops / 2e3, abs=0.01)
    assert facts["times_roof"] == pytest.approx(facts["encode_us"]["32"] / facts["roof_us"], rel=0.02)
    assert facts["traffic_us"] == pytest.approx(facts["traffic_kb"] / 4, rel=0.02)
    assert facts["members_ratio"] > 0
    for parameter, value in zip(encoder.parameters(), before, strict=True):
        assert torch.equal(parameter, value), "training must not touch the encoder that is measured"


@pytest.mark.usefixtures("brief")
def test_an_encoder_that_cannot_be_stacked_has_no_time_of_members(cells):
    facts = encoder_speed(_Sums(), cells, CPU, 2.0, 4.0)
    assert facts["members_step_s"] is facts["members_ratio"] is None
    assert math.isfinite(facts["step_s"]["16"])


@pytest.mark.usefixtures("brief")
def test_the_tables_name_every_encoder_that_was_measured(cells):
    steps: list[str] = []
    result = run_speed_encoders(cells, CPU, steps.append, ["mlp", "gin"])
    assert steps == ["matrix products", "encoder mlp", "encoder gin"]
    tables = speed_tables({**result, "machine": {"processor": "P", "threads": 1, "torch": "2"}})
    for name in ("mlp", "gin"):
        assert sum(f"| `{name}` " in table for table in tables) == 2
    assert f"copying: {result['copy_gbs']:g} GB/s" in tables[-1]
    assert "surrogate" not in tables[-1]


def test_steps_are_told_in_advance(monkeypatch, cells):
    told: list[str] = []
    monkeypatch.setattr(speed, "run_speed_encoders", lambda cells, device, on_step: on_step("encoders") or {})
    for part in ("_surrogate_us", "_pretrain_epoch_s", "_help_s", "matmul_gflops"):
        monkeypatch.setattr(speed, part, lambda *_: 1.0)
    for part in ("_nasbench101", "run_speed_spaces"):
        monkeypatch.setattr(speed, part, lambda: None)
    monkeypatch.setattr(NASBench201, "enumerate", lambda self: cells)
    speed.run_speed(CPU, told.append)
    # In place of "encoders": the matrix products, and every encoder that reads single architectures.
    assert len(told) - 1 + 1 + len(speed_encoders.encoders_of(cells)) == speed.speed_steps(CPU)


def test_rates_are_plausible():
    assert 0.1 < matmul_gflops(64, 64, 64, seconds=0.05) < 100_000
    assert 0.01 < copy_gbs(1 << 16, seconds=0.05) < 100_000


def test_the_median_is_over_the_passes_behind_the_first():
    passes: list[int] = []
    assert median_seconds(lambda: passes.append(1), 4) < 0.1
    assert len(passes) == 5


@pytest.mark.parametrize("name", ["toaster", "cuda:999", "meta"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ArchflowError, match=f"device '{name}' cannot be used here"):
        device_named(name)
