"""A small table, a predictor of its metric, and an empty folder, for the tests of verbs."""

from pathlib import Path

import numpy as np
import pytest

from archflow.data import load
from archflow.graph.table import Table, read_table
from archflow.recipes import fitting


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """30 cells with a metric."""
    path = tmp_path_factory.mktemp("data") / "cells.csv"
    cells = load("digits201").select(np.arange(30))
    Table(cells.architectures, {"accuracy": cells.metric("test_accuracy"), "cost": np.arange(30.0)}).write(path)
    return path


@pytest.fixture(scope="session")
def predictor(table, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("predictor") / "p"
    task = fitting.Task.of(read_table(table), ["accuracy"])
    fitting.fit_and_save(fitting.network_predictor(task, encoder="gin", members=2, epochs=2), task, folder)
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
