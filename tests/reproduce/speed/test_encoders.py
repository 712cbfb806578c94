"""The speed benchmark counts what it says it counts."""

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
from archflow_reproduce.speed.encoders import (
    beside_roof,
    check_roof,
    encoder_speed,
    matmul_flops,
    parts_used,
    run_speed_encoders,
    traffic_bytes,
)
from archflow_reproduce.speed.machine import CPU
from archflow_reproduce.speed.timing import Roof
from tests.reproduce.results.records import MACHINE
from tests.reproduce.speed.clocks import Ticking


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
    monkeypatch.setattr(speed_encoders, "TRIES", 1)


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
    assert {"leveled", "padded"} <= set(used["flowerformer"])


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
    roof = Roof((64, 64, 64), clock=Ticking(0.5), large=64)
    facts = encoder_speed(encoder, cells, CPU, roof, gbs=4.0)
    assert list(facts["encode_us"]) == ["1", "8", "32"]
    assert list(facts["step_s"]) == ["16", "32"]
    flops = matmul_flops(encoder, Batch(cells, np.arange(32) % 16)) / 32
    assert facts["mflop"] == pytest.approx(flops / 1e6, abs=1e-3)
    # Every pass takes half a second by this clock, of 32, 16 and 2 architectures, or of one training step.
    assert [facts["encode_us"][size]["median"] for size in ("1", "8", "32")] == [250_000, 31_250, 15_625]
    assert facts["batch_us"] == {"min": 15_625, "median": 15_625}
    assert facts["step_s"] == {"16": {"min": 0.5, "median": 0.5}, "32": {"min": 0.5, "median": 0.5}}
    assert (facts["members_step_s"]["min"], facts["members_ratio"]) == (0.5, 1)
    assert facts["traffic_us"] == pytest.approx(facts["traffic_kb"] / 4, rel=0.02)
    assert roof.gflops == 2e-9 * 64**3 / 0.5, "the roof is sampled between the passes"
    for parameter, value in zip(encoder.parameters(), before, strict=True):
        assert torch.equal(parameter, value), "training must not touch the encoder that is measured"


@pytest.mark.usefixtures("brief")
def test_an_encoder_that_cannot_be_stacked_has_no_time_of_members(cells):
    facts = encoder_speed(_Sums(), cells, CPU, Roof((8, 8, 8), clock=Ticking(0.5), large=8), 4.0)
    assert facts["members_step_s"] is facts["members_ratio"] is None
    assert facts["step_s"]["16"]["median"] == 0.5
    assert beside_roof(facts, 2.0)["times_roof"] is None, "nothing to bound without products"


@pytest.mark.usefixtures("brief")
def test_the_tables_name_every_encoder_that_was_measured(cells):
    steps: list[str] = []
    result = run_speed_encoders(cells, CPU, steps.append, ["mlp", "gin"], Ticking(0.5))
    assert steps == ["matrix products", "encoder mlp", "encoder gin"]
    tables = speed_tables({**result, "machine": {"processor": "P", "threads": 1, "torch": "2"}})
    for name in ("mlp", "gin"):
        assert sum(f"| `{name}` " in table for table in tables) == 2
    assert f"copying: {result['copy_gbs']:g} GB/s" in tables[-1]
    assert "surrogate" not in tables[-1]


def test_the_ratio_is_of_the_fastest_pass_and_the_roof():
    facts = {"encode_us": {"1024": {"min": 30.0, "median": 90.0}}, "mflop": 2.0}
    assert beside_roof(facts, 100.0) == {**facts, "roof_us": 20.0, "times_roof": 1.5}


@pytest.mark.usefixtures("brief")
def test_a_time_below_its_roof_is_an_error(cells, monkeypatch):
    """By a clock on which a pass of an encoder takes as long as one product that is smaller than all of the pass."""
    result = run_speed_encoders(cells, CPU, names=["mlp"], clock=Ticking(0.5))
    assert result["below_roof"] == []
    check_roof(result)
    small = Roof((64, 64, 64), clock=Ticking(0.5), large=64)
    monkeypatch.setattr(speed_encoders, "Roof", lambda *_: small)
    result = run_speed_encoders(cells, CPU, names=["mlp"])
    assert result["encoders"]["mlp"]["times_roof"] < 1
    assert result["below_roof"] == ["mlp"]
    with pytest.raises(ArchflowError, match=r"mlp: measured faster than the roof of .* measure again"):
        check_roof(result)
    (row,) = (line for line in speed_tables({**result, "machine": MACHINE})[1].splitlines() if "`mlp`" in line)
    assert "ERROR: below the roof" in row
