"""One model of whatever a user names."""

import numpy as np
import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.importers.model import table_of
from archflow.importers.showing import model_at
from archflow.importers.torch_export import from_module
from archflow.testing import random_architectures


def test_a_row_of_an_imported_table(tmp_path, caplog):
    models = [from_module(nn.Linear(size, 3), (torch.zeros(1, size),), name=f"net {size}") for size in (4, 5)]
    table_of(models).write(tmp_path / "models.parquet")
    found = model_at(str(tmp_path / "models.parquet"), row=1)
    assert found.name == "net 5"
    assert found.architecture == models[1].architecture
    np.testing.assert_equal(found.columns, models[1].columns)
    assert model_at(str(tmp_path / "models.parquet")).name == "net 4"
    assert "has rows 0 to 1" in caplog.text


def test_a_row_of_any_table(tmp_path, caplog):
    architectures = random_architectures(3, seed=1)
    Table(architectures).write(tmp_path / "cells.csv")
    found = model_at(str(tmp_path / "cells.csv"), row=2)
    assert found.architecture == architectures[2]
    assert not caplog.messages
    assert model_at(str(tmp_path / "cells.csv")).architecture == architectures[0]
    assert "has rows 0 to 2; this is row 0" in caplog.text
    assert np.isnan(list(found.columns.values())).all()
    with pytest.raises(ArchflowError, match=r"has no row 3; its rows are 0 to 2"):
        model_at(str(tmp_path / "cells.csv"), row=3)


def test_a_row_of_a_source_with_one_model(tmp_path):
    path = tmp_path / "net.param"
    path.write_text("7767517\n2 2\nInput in 0 1 a 0=8 1=8 2=3\nReLU r 1 1 a b\n")
    assert model_at(str(path)).architecture.ops[0] == "input"
    with pytest.raises(ArchflowError, match=r"has no row 2; its models are 0 to 0"):
        model_at(str(path), row=2)
    with pytest.raises(ArchflowError, match="nothing that can be imported"):
        model_at("strange")
