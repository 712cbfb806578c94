"""The study `hierarchical`: evolution of hierarchical representations against random search, by real trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.progress import progress_bar
from archflow.search.outcome import Outcome
from archflow.search.request import Request
from archflow.search.study import Study
from archflow_reproduce.speed.machine import machine

METHODS: Mapping[str, Mapping[str, Any]] = {"evolution": {}, "random search": {"tournament": 1}}
"""Settings of the searcher. Random search is the same loop with tournaments of one, as published."""

INITIAL = 20
"""Initial random architectures of a search, the same for both methods: a tenth of the budget, so that evolution
has time (secondary sources: 200 of 7,200)."""

TRAINING = {"epochs": 1, "batch_size": 32, "channels": 4, "cells_per_stage": 1, "stages": 1}
"""A few seconds per training, too short to saturate: twelve random architectures reached 15 to 36 % on ten digits."""

POINTS = (20, 50, 100, 150, 200)
"""Numbers of trainings after which the best is recorded."""


@dataclass(frozen=True)
class Searches:
    """What to run.

    Attributes:
        seeds: Number of seeds of each method, from 0.
        budget: Trainings per search.
    """

    seeds: int = 3
    budget: int = 200

    def __post_init__(self) -> None:
        whole("--seeds", self.seeds, 1)
        whole("--budget", self.budget, INITIAL + 1)


def run_hierarchical(searches: Searches, folder: Path) -> dict[str, Any]:
    """Run the missing searches; returns the result of all of them.

    Args:
        searches: What to run.
        folder: Holds a folder with a journal for every search; the same call resumes, and more seeds or a larger budget
            extend it.
    """
    outcomes: dict[str, list[Outcome]] = {name: [] for name in METHODS}
    for seed in range(searches.seeds):
        for name, settings in METHODS.items():
            own = folder / f"{name.replace(' ', '-')}-{seed}"
            study = search(settings, seed, searches.budget, own)
            with progress_bar(f"{name}, seed {seed}", searches.budget, kept=own) as bar:
                outcomes[name].append(study.run(bar))
    return {
        "methods": {name: summary(of_seeds, searches.budget) for name, of_seeds in outcomes.items()},
        "config": {**asdict(searches), "initial": INITIAL, **TRAINING},
        "machine": machine(),
    }


def search(settings: Mapping[str, Any], seed: int, budget: int, folder: Path) -> Study:
    """One search in its folder, with all trainings in this process."""
    request = Request(
        "train:digits",
        space="hierarchical",
        reported=("test_accuracy",),
        method="hierarchical_evolution",
        budget=budget,
        seed=seed,
        settings={"evaluate": TRAINING, "method": {"initial": INITIAL, **settings}},
        workers=0,
    )
    return request.study(folder)


def summary(outcomes: Sequence[Outcome], budget: int) -> dict[str, Any]:
    """Statistics of all seeds.

    For every seed: the best validation accuracy up to each of `POINTS`, and the test accuracy of that architecture; the
    mean validation accuracy of the initial architectures and of the mutants; and the processor time of its trainings.
    """
    points = [each for each in POINTS if each <= budget]
    rows = np.array(points) - 1
    found: dict[str, Any] = {"trainings": points}
    found["value"] = [_rounded(each.best_so_far()[rows]) for each in outcomes]
    found["report"] = [_rounded(each.best_so_far("test_accuracy")[rows]) for each in outcomes]
    found["initial"] = _rounded([np.nanmean(each.rising[:INITIAL]) for each in outcomes])
    found["mutants"] = _rounded([np.nanmean(each.rising[INITIAL:]) for each in outcomes])
    found["failures"] = [sum(bool(record.failure) for record in each.records) for each in outcomes]
    found["seconds"] = _rounded([sum(record.seconds for record in each.records) for each in outcomes])
    return found


def _rounded(values: Any) -> list[float]:
    return [round(float(each), 3) for each in values]
