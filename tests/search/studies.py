"""Studies for tests: a small table, and methods on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from archflow.graph.table import Table
from archflow.search.budget import Budget
from archflow.search.evaluators.base import Wanted
from archflow.search.evaluators.parse import parse
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from archflow.search.problem import Problem
from archflow.search.study import Study
from archflow.spaces import NASBench201, sample_classes

EPOCHS = (4, 12, 36)


@cache
def measured_table(count: int = 60, seed: int = 3) -> Table:
    """Cells with an accuracy by seed and by epoch, a latency, and seconds."""
    space, generator = NASBench201(), np.random.default_rng(seed)
    cells = sample_classes(space, count, generator)
    convolutions = cells.op_counts[:, [i for i, op in enumerate(cells.vocabulary.ops) if "conv" in op]].sum(1)
    accuracy = convolutions + generator.normal(0, 0.3, count)
    columns = {f"acc_{epoch}": accuracy * (1 - 1 / epoch) + generator.normal(0, 0.05, count) for epoch in EPOCHS}
    columns |= {f"score_seed{label}": accuracy + generator.normal(0, 0.1, count) for label in range(3)}
    columns |= {"score": accuracy, "test_score": accuracy + 1, "latency": convolutions + generator.random(count)}
    columns |= {"seconds": generator.uniform(600, 4000, count), "params": convolutions * 10.0}
    return Table(cells, columns, [space.format(cell) for cell in cells])


def study(folder: Path, budget: Any = 20, metric: str = "score", seed: int = 1, **more: Any) -> Study:
    """A study of evolution on the table."""
    rule = more.get("stopping")
    target = parse(measured_table(), Wanted(metrics=(metric,), reported=("test_score",), by_epoch=rule is not None))
    problem = Problem(target.space, target.metrics, (), target.columns)
    searcher = RegularizedEvolution(problem, seed, population=8, tournament=3, initial=5)
    return Study(searcher, target.evaluate, folder, Budget.parse(budget), reported=target.reported, **more)


def asked(done: Study) -> list[str]:
    """Canonical forms in the order of asking."""
    return [trial.key for trial in done.searcher.history.trials]
