import numpy as np
import pytest
import torch
from torch import nn

from archflow.devices.generated import drawn
from archflow.devices.networks import GENERATED, CellNetworks, GeneratedNetworks, UserNetworks, networks_of
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.testing import random_architectures
from tests.tables import scored_cells

SMALL = {"channels": 2, "cells_per_stage": 1, "stages": 1}


@pytest.fixture
def table(tmp_path):
    scored_cells(4).write(tmp_path / "cells.parquet")
    return tmp_path / "cells.parquet"


def test_the_networks_of_cells(table):
    networks = networks_of([str(table)], None, "nasbench201", SMALL, count=3, batch_size=2, resolution=8)
    assert isinstance(networks, CellNetworks)
    assert len(networks) == 3
    network, images = networks.build(1)
    assert images.shape == (2, 3, 8, 8)
    assert network.eval()(images).shape == (2, 10)
    assert networks.called(1) == f"row 1 ({scored_cells(4).called(1)})"
    assert networks.columns().num_rows == 3
    other = networks_of([str(table)], None, "nasbench201", SMALL, count=3, batch_size=2, resolution=16)
    assert networks.configuration != other.configuration


def test_functions_of_the_users(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "two_nets.py").write_text(
        "import torch\nfrom torch import nn\na = nn.Linear(2, 3)\ndef b(): return nn.Linear(2, 1)\n"
        "def inputs(): return torch.ones(1, 2)\n"
    )
    networks = networks_of(["two_nets:a", "two_nets:b"], "two_nets:inputs", "nasbench201", {})
    assert isinstance(networks, UserNetworks)
    columns = networks.columns().to_pydict()
    assert columns == {"name": ["two_nets:a", "two_nets:b"], "params": [9, 3], "macs": [6, 2], "bytes": [64, 32]}
    network, inputs = networks.build(1)
    assert isinstance(network, nn.Linear)
    assert torch.equal(inputs, torch.ones(1, 2))


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["a:b"], "a:b: --inputs is missing"),
        (["a:b", "table.parquet"], "or a single table"),
        (["one.parquet", "two.parquet"], "or a single table"),
    ],
)
def test_sources_that_do_not_go_together(sources, message):
    with pytest.raises(ArchflowError, match=message):
        networks_of(sources, None, "nasbench201", {})


def test_a_table_is_of_its_space(table):
    with pytest.raises(ArchflowError, match="cannot be built as networks"):
        len(networks_of([str(table)], None, "fbnet", {}))
    with pytest.raises(ArchflowError, match="resolution must be"):
        networks_of([str(table)], None, "nasbench201", {}, resolution=1_000_000)


def test_costs_of_a_network_that_cannot_be_exported_are_empty(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "odd_nets.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Odd(nn.Module):\n"
        "    def forward(self, x): raise ValueError('never on meta') if x.is_meta else None\n"
        "def inputs(): return torch.ones(1)\n"
    )
    columns = UserNetworks(("odd_nets:Odd",), "odd_nets:inputs").columns().to_pydict()
    assert columns == {"name": ["odd_nets:Odd"], "params": [None], "macs": [None], "bytes": [None]}


def test_generated_networks_of_a_table(tmp_path):
    path = tmp_path / "generated.parquet"
    specs = drawn(4, seed=2)
    Table(random_architectures(4, seed=0), {"x": np.arange(4.0)}, [spec.native for spec in specs]).write(path)
    networks = networks_of([str(path)], None, GENERATED, {}, count=3)
    assert isinstance(networks, GeneratedNetworks)
    assert (len(networks), networks.called(1), networks.columns().num_rows) == (3, "row 1 (residual)", 3)
    network, inputs = networks.build(0)
    other, _ = specs[0].build()
    assert [each.shape for each in network.parameters()] == [each.shape for each in other.parameters()]
    assert isinstance(inputs, tuple)
    with pytest.raises(ArchflowError, match="--channels: generated networks say this themselves"):
        networks_of([str(path)], None, GENERATED, {"channels": 2})


def test_other_tables_have_no_generated_networks(table):
    with pytest.raises(ArchflowError, match="network"):
        networks_of([str(table)], None, GENERATED, {}).called(0)
