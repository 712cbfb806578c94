"""Sixty cells, a predictor of their accuracy, and what is explored of them."""

import numpy as np
import pytest

from archflow.data import load
from archflow.explore.explored import Explored, explored
from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.spaces import NASBench201


@pytest.fixture(scope="session")
def cells() -> Table:
    """Rows whose first forty are measured on two devices."""
    some = load("digits201").select(np.arange(60))
    accuracy = np.where(np.arange(60) < 40, some.metric("test_accuracy"), np.nan)
    table = Table(some.architectures, {"accuracy": accuracy, "params": some.metric("params")}, some.native)
    return table.with_texts({"device": ["phone", "laptop"] * 30})


@pytest.fixture(scope="session")
def predictor(cells) -> StackedPredictor:
    made = StackedPredictor(components=["line", "ridge"], features=["counts", "slots"], columns=[])
    made.fit(cells.select(np.arange(40)), metrics=["accuracy"], reference=cells)
    return made


@pytest.fixture(scope="session")
def seen(cells, predictor) -> Explored:
    return explored("cells.csv", cells, [predictor], space=NASBench201())
