"""A program that uses archflow: `make release` checks its types against the installed wheel.

A comment that ignores an error must be needed, so every one below shows that the type checker sees archflow's types.
"""

import numpy as np
from numpy.typing import NDArray

from archflow import Architecture, ArchitectureSet, Embedder, Table, create, load, read_table
from archflow.predict import Prediction, StackedPredictor
from archflow.search import SEARCHERS, Problem
from archflow.spaces import NASBench201


def ranked(path: str, metric: str) -> NDArray[np.int64]:
    """The rows of a table from the best to the worst."""
    table: Table = read_table(path)
    measured: NDArray[np.bool_] = np.isfinite(table.metric(metric))
    predictor = StackedPredictor()
    predictor.fit(table.select(measured), metrics=[metric], reference=table)
    prediction: Prediction = predictor.predict(table)
    return np.argsort(-prediction.mean)


def embedded(name: str) -> NDArray[np.float32]:
    embedder: Embedder = create(name)
    cells: ArchitectureSet = load("digits201").architectures
    first: Architecture = cells[0]
    return np.concatenate([embedder.embed(cells), embedder.embed(first)])


def wrong() -> None:
    read_table(201)  # pyright: ignore[reportArgumentType]
    Problem("nasbench201", objectives=3)  # pyright: ignore[reportArgumentType]
    StackedPredictor().predict(table=None)  # pyright: ignore[reportCallIssue]
    SEARCHERS.get("random")(Problem(NASBench201(), "accuracy"), seed="one")  # pyright: ignore[reportArgumentType]
