"""NASFLAT's twelve tasks: rank architectures on devices that measured 5 to 30 of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archflow.checkpoint import fingerprint
from archflow.files import read_json, write_json
from archflow.predict.metrics import spearman
from archflow_reproduce.devices.few_methods import METHODS, Known
from archflow_reproduce.devices.samplers import SAMPLERS
from archflow_reproduce.devices.tasks import PUBLISHED, Task, task
from archflow_reproduce.speed.machine import machine

SOURCE_SAMPLES = 512
"""Architectures that every source device measured; NASFLAT takes 512 to 900."""

SAMPLES = (5, 10, 20, 30)
HEADLINE = 20


def run_few(
    tasks: Sequence[str],
    trials: int,
    folder: Path,
    *,
    methods: Mapping[str, Any] = METHODS,
    say: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Run every task and trial that `folder` does not have yet.

    Every method gets 20 measurements, drawn at random; the first method also 5, 10 and 30, and 20 by each sampler.
    Judged by Spearman's rank correlation on the architectures that no device is known to have measured.

    Args:
        tasks: Of NASFLAT's names.
        trials: Draws of the measured architectures.
        folder: Where finished trials are kept.
        methods: By name; the first is the one looked at closely.
        say: Told the next step.
    """
    cells, about, digest = {}, {}, []
    for name in tasks:
        found = task(name)
        digest.append(fingerprint(found.architectures.hashes))
        about[name] = {
            "architectures": len(found.architectures),
            "sources": list(found.source_names),
            "targets": list(found.target_names),
            "missing": list(found.missing),
            "published": PUBLISHED[name],
        }
        cells[name] = {}
        for trial in range(trials):
            path = folder / f"{name}-{trial}.json"
            if path.is_file():
                cells[name][str(trial)] = read_json(path)
                continue
            say(f"{name}, trial {trial}")
            folder.mkdir(parents=True, exist_ok=True)
            cells[name][str(trial)] = one_trial(found, trial, methods)
            write_json(path, cells[name][str(trial)])
    return {
        "data_hash": fingerprint(digest),
        "tasks": about,
        "cells": cells,
        "config": {
            "tasks": list(tasks),
            "trials": trials,
            "source_samples": SOURCE_SAMPLES,
            "samples": list(SAMPLES),
            "headline": HEADLINE,
            "methods": list(methods),
            "samplers": list(SAMPLERS),
        },
        "machine": machine(),
    }


def one_trial(task: Task, trial: int, methods: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Spearman by setting, then by target device. A setting is `METHOD | SAMPLER | COUNT`."""
    order = np.random.default_rng(trial).permutation(len(task.architectures))
    known = Known.of(task, order[:SOURCE_SAMPLES])
    pool = order[SOURCE_SAMPLES:]
    main = next(iter(methods))
    asked = [(name, "random", HEADLINE) for name in methods]
    asked += [(main, "random", count) for count in SAMPLES if count != HEADLINE]
    asked += [(main, sampler, HEADLINE) for sampler in SAMPLERS if sampler != "random"]
    scores: dict[str, dict[str, float]] = {}
    for name, sampler, count in asked:
        rows = SAMPLERS[sampler](known, pool, count, trial)
        judged = np.setdiff1d(pool, rows)
        scores[f"{name} | {sampler} | {count}"] = {}
        for device, latencies in zip(task.target_names, task.targets.T, strict=True):
            with warnings.catch_warnings():
                # Correlations and lines of points that all lie at one place, as those of a source device can.
                warnings.simplefilter("ignore", RuntimeWarning)
                guess = methods[name](known, rows, np.log(latencies[rows]), judged)
            scores[f"{name} | {sampler} | {count}"][device] = spearman(guess, latencies[judged])
    return scores
