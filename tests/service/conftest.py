"""A tiny predictor, and a service of it in this process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.service.app import create_app
from archflow.service.settings import Access, Limits
from tests.tables import scored_cells

TOKEN = "a-token-for-tests-0123456789"
LIMITS = Limits(body=200_000, architectures=50, nodes=400, evaluations=50)


@pytest.fixture(scope="session")
def cells() -> Table:
    """30 cells with a score."""
    return scored_cells(30)


@pytest.fixture(scope="session")
def folder(cells, tmp_path_factory) -> Path:
    """A predictor of the score by linear models."""
    folder = tmp_path_factory.mktemp("predictors") / "score"
    predictor = StackedPredictor(components=["line", "ridge"], features=["counts"])
    predictor.fit(cells, metrics=["score"])
    predictor.save(folder)
    return folder


@pytest.fixture(scope="session")
def service(folder) -> Iterator[TestClient]:
    """A client of a service that needs a token, with the token."""
    app = create_app({"score": folder}, Access(token=TOKEN), LIMITS)
    with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def native(cells) -> list[str]:
    """Native strings of the cells."""
    return list(cells.native)


@pytest.fixture
def graphs(cells) -> list[dict]:
    """The same cells as graphs in JSON form."""
    return [{"ops": list(each.ops), "edges": np.array(each.edges).tolist()} for each in cells.architectures]
