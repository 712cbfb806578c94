"""archflow's own predictors, as methods of the study."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from archflow.data.proxies import proxy_columns
from archflow.errors import ArchflowError
from archflow.predict.base import Predictor
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.stacks import recipe_of
from archflow_reproduce.travel.answer import COVERAGES, Answer
from archflow_reproduce.travel.pool import Task


def default(task: Task) -> Answer:
    """`archflow fit` without options; each of its components is a part."""
    return _stacked(task, "quick")


def best(task: Task) -> Answer:
    """`archflow fit --recipe best`; each of its components is a part."""
    return _stacked(task, "best")


def without_encoders(task: Task) -> Answer:
    """`archflow fit --recipe plain`: the components that need no encoder."""
    return _stacked(task, "plain")


def stacked(task: Task, name: str) -> StackedPredictor:
    """The unfitted predictor of a recipe; its encoders are pre-trained on the architectures of the pool."""
    table, parts = task.pool.table, recipe_of(name, task.pool.entry.benchmark)
    proxies = {column: table.metric(column) for column in proxy_columns(table)}
    embedders = parts.embedders(table.architectures, np.zeros(0, np.int64), proxies, task.folder / name, task.seed)
    return parts.predictor(embedders, list(table.metrics), seed=task.seed)


def _stacked(task: Task, name: str) -> Answer:
    predictor = stacked(task, name)
    answer = fitted(predictor, task)
    weights = {share.name: share.weight for share in predictor.stacking.shares}
    guesses = predictor.guesses(task.candidates)
    return replace(
        answer,
        parts={name: Answer(guess.mean.mean(0), facts={"weight": weights[name]}) for name, guess in guesses.items()},
    )


def fitted(predictor: Predictor, task: Task) -> Answer:
    """The predictions of a predictor that is fitted on the labels of the task, some of which it may hold out."""
    predictor.fit(task.known, task.y, reference=task.pool.table, metrics=["label"])
    candidates = task.candidates
    mean, std = predictor.predict(candidates)
    rank = predictor.rank(candidates).metric("rank_label")
    intervals = {}
    for coverage in COVERAGES:
        with suppress(ArchflowError):  # a higher coverage than is possible with so few labels
            intervals[coverage] = predictor.interval(candidates, coverage)
    return Answer(-rank, mean, std, intervals)
