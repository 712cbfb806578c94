"""NASFLAT's twelve tasks: rank architectures on devices with 5 to 30 measurements."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archflow.checkpoint import fingerprint
from archflow.files import read_json, write_json
from archflow.predict.metrics import spearman
from archflow_reproduce.devices.few_methods import METHODS, Known, usable
from archflow_reproduce.devices.samplers import SAMPLERS
from archflow_reproduce.devices.tasks import PUBLISHED, Task, task
from archflow_reproduce.speed.machine import machine

SOURCE_SAMPLES = 512
"""Architectures measured on every source device; NASFLAT uses 512 to 900."""

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
    """Run every task, trial and setting that is missing in `folder`.

    Every method gets 20 measurements, drawn at random; the first method also gets 5, 10 and 30, and 20 chosen by each
    sampler. Methods are judged by Spearman's rank correlation on the architectures without known measurements.

    Args:
        tasks: Names of NASFLAT's tasks.
        trials: The number of draws of the measured architectures.
        folder: The folder of finished trials.
        methods: Methods by name; the first is also run with other numbers of measurements and samplers.
        say: Called with the next step.
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
        mine = usable(methods, found)
        for trial in range(trials):
            path = folder / f"{name}-{trial}.json"
            done = read_json(path) if path.is_file() else {}
            if any(setting not in done for setting in settings_of(mine)):
                say(f"{name}, trial {trial}")
                folder.mkdir(parents=True, exist_ok=True)
                done |= one_trial(found, trial, mine, done)
                write_json(path, done)
            cells[name][str(trial)] = done
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


def settings_of(methods: Mapping[str, Any]) -> dict[str, tuple[str, str, int]]:
    """The settings of a trial: by the key `METHOD | SAMPLER | COUNT`, the three values."""
    main = next(iter(methods))
    asked = [(name, "random", HEADLINE) for name in methods]
    asked += [(main, "random", count) for count in SAMPLES if count != HEADLINE]
    asked += [(main, sampler, HEADLINE) for sampler in SAMPLERS if sampler != "random"]
    return {f"{name} | {sampler} | {count}": (name, sampler, count) for name, sampler, count in asked}


def one_trial(
    task: Task, trial: int, methods: Mapping[str, Any], done: Collection[str] = ()
) -> dict[str, dict[str, float]]:
    """Compute Spearman's correlation by setting, except those in `done`, and by target device."""
    order = np.random.default_rng(trial).permutation(len(task.architectures))
    known = Known.of(task, order[:SOURCE_SAMPLES])
    pool = order[SOURCE_SAMPLES:]
    scores: dict[str, dict[str, float]] = {}
    for setting, (name, sampler, count) in settings_of(methods).items():
        if setting in done:
            continue
        rows = SAMPLERS[sampler](known, pool, count, trial)
        judged = np.setdiff1d(pool, rows)
        scores[setting] = {}
        for device, latencies in zip(task.target_names, task.targets.T, strict=True):
            with warnings.catch_warnings():
                # Correlations and linear fits of constant values, which a source device may have.
                warnings.simplefilter("ignore", RuntimeWarning)
                guess = methods[name](known, rows, np.log(latencies[rows]), judged)
            scores[setting][device] = spearman(guess, latencies[judged])
    return scores
