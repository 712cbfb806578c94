"""The study `choices`: alternative settings of the blend, and the coverage of intervals over many draws.

Settings are compared on rows that no result is reported on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.encoders.embedder import as_table
from archflow.errors import ArchflowError
from archflow.predict.components import FittedComponent, Lesson
from archflow.predict.components.networks import FittedNetworks
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.predict.seen import Seen
from archflow.predict.target_scale import TargetScale
from archflow.progress import progress_bar
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel.answer import judged
from archflow_reproduce.travel.ours import fitted, stacked
from archflow_reproduce.travel.pool import PARTS, Pool, Task, drawn, label_count
from archflow_reproduce.travel.study import pool_key, read_cell, write_run
from archflow_reproduce.travel.tables import entries
from archflow_reproduce.travel.weighing import RULES, Rule, Values

LAYOUT = 2
"""Increment it when the measurements change."""

SEED = 21
"""Seed of the predictors; draws differ in their labels only."""


@dataclass(frozen=True)
class Choices:
    """What to measure.

    Attributes:
        rows: One of the `PARTS`.
        tables: Names; all if empty.
        recipe: The recipe whose components are blended.
        budgets: Numbers of labels, as for `label_count`.
        draws: Number of draws of the labels.
    """

    rows: str = PARTS[1]
    tables: Sequence[str] = ()
    recipe: str = "plain"
    budgets: Sequence[str] = ("30", "100")
    draws: int = 5

    def __post_init__(self) -> None:
        entries(self.tables)
        whole("--draws", self.draws, 1)
        for budget in self.budgets:
            label_count(budget, 1)


def run_choices(choices: Choices, folder: Path) -> dict[str, Any]:
    """Run the missing measurements; returns the result of all of them.

    Args:
        choices: What to measure.
        folder: Holds one file per table and number of labels; the same call resumes.
    """
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    picked = entries(choices.tables)
    with progress_bar("choices", len(picked) * len(choices.budgets) * choices.draws, kept=folder) as bar:
        for entry in picked:
            try:
                pool = Pool.of(entry, choices.rows)
                cells = {}
                for budget in choices.budgets:
                    labels = pool.count(budget)
                    key = fingerprint(LAYOUT, pool_key(pool, choices.rows), labels, choices.recipe, list(RULES))
                    path = folder / entry.name / f"{choices.recipe}-{labels}.json"
                    for number in range(choices.draws):
                        if str(number) not in read_cell(path, key):
                            task = drawn(pool, labels, number, SEED, folder / entry.name)
                            write_run(path, key, number, alternatives(task, choices.recipe))
                        bar.advance(1, f"{entry.name}, {labels} labels")
                    runs = read_cell(path, key)
                    cells[budget] = _over_draws([runs[str(number)] for number in range(choices.draws)])
            except ArchflowError as error:
                skipped[entry.name] = str(error)
                print(f"{entry.name}: left out: {error}", file=sys.stderr)
                continue
            found[entry.name] = {"family": entry.family, "hash": pool_key(pool, choices.rows), "cells": cells}
    return {
        "rows": choices.rows,
        "tables": found,
        "skipped": skipped,
        "config": {**asdict(choices), "seed": SEED, "layout": LAYOUT},
        "machine": machine(),
    }


def alternatives(task: Task, recipe: str) -> dict[str, Any]:
    """Measures of a recipe's predictor on a task, and the tau of other blends of the same components."""
    predictor = stacked(task, recipe)
    measures = judged(fitted(predictor, task), task.truth)
    parts, features = predictor.fitted.parts, predictor.fitted.features
    known, candidates = (Seen(as_table(each), predictor.embedders, features) for each in (task.known, task.candidates))
    _, targets = TargetScale.of(predictor.objectives[0], task.y)
    folds = Folds.of(len(task.y), predictor.seed)
    lesson = Lesson(known, targets, folds, candidates, predictor.seed, ranks=True)
    odds = np.array([component.odds(lesson) for component, _ in parts])
    names = [component.name for component, _ in parts]

    def predicted(by: FittedComponent) -> tuple[Values, Values]:
        return folds.unseen(by(known).mean), by(candidates).mean.mean(0)

    def tau(rule: Rule, predictions: Sequence[tuple[Values, Values]]) -> float:
        unseen, means = (np.stack(each) for each in zip(*predictions, strict=True))
        weights = rule(unseen, targets, odds)
        return kendall_tau((weights if weights.any() else np.ones(len(weights))) @ means, task.truth)

    predictions = [predicted(by) for _, by in parts]
    straight = [
        predicted(FittedNetworks.scaled(by.models, by.chosen, candidates, False))
        if isinstance(by, FittedNetworks)
        else own
        for (_, by), own in zip(parts, predictions, strict=True)
    ]
    rules = {name: tau(rule, predictions) for name, rule in RULES.items()}
    rules["straight scores"] = tau(RULES["today"], straight)
    found = {name: kendall_tau(mean, task.truth) for name, (_, mean) in zip(names, predictions, strict=True)}
    return {"measures": measures, "rules": _rounded(rules), "components": _rounded(found)}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in values.items()}


def _over_draws(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lists over the draws of the values that all draws have."""
    return {
        part: {name: [run[part][name] for run in runs] for name in runs[0][part] if all(name in r[part] for r in runs)}
        for part in ("measures", "rules", "components")
    }
