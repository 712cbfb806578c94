"""A fitted predictor that takes little time."""

from pathlib import Path

import pytest

from archflow.predict import StackedPredictor
from tests.tables import scored_cells


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("predictor") / "p"
    model = StackedPredictor(components=["ridge"], features=["counts"])
    model.fit(scored_cells(40), metrics=["score"])
    model.save(folder)
    return folder
