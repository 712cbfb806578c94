import pytest
import torch
from torch import nn

from archflow.devices.networks import CellNetworks, UserNetworks, networks_of
from archflow.errors import ArchflowError
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
    assert networks.columns().to_pydict() == {"name": ["two_nets:a", "two_nets:b"]}
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
