"""Two checkouts on one machine: their `archflow bench speed`, in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import archflow
from archflow.errors import ArchflowError
from archflow_reproduce.results.record import checkout_commit
from archflow_reproduce.speed.machine import machine

SLOWER = 1.05
"""The ratio from which a figure counts as slower."""

Measure = Callable[[Path], Mapping[str, Any]]


def compare_checkouts(
    here: Path, there: Path, rounds: int, measure: Measure, on_step: Callable[[str], None] = lambda step: None
) -> dict[str, Any]:
    """Measure two checkouts in turn, so that both meet the same machine, and compare every time that both report.

    Args:
        here: The checkout that is judged.
        there: The one that it is compared with.
        rounds: How often each is measured; the order changes from round to round.
        measure: The result of `archflow bench speed` of a checkout.
        on_step: Called with a few words before each measurement.

    Returns:
        `figures`: by name, the least median over the rounds `here` and `there`, and their `ratio`, the slowest first;
        `slower`: the names of those above `SLOWER`.
    """
    best: dict[Path, dict[str, float]] = {here: {}, there: {}}
    for turn in range(rounds):
        for checkout in (there, here) if turn % 2 == 0 else (here, there):
            on_step(f"round {turn + 1} of {rounds}: {checkout}")
            for name, seconds in times_of(measure(checkout)).items():
                best[checkout][name] = min(seconds, best[checkout].get(name, seconds))
    ratios = {name: best[here][name] / best[there][name] for name in best[here].keys() & best[there].keys()}
    order = sorted(ratios, key=lambda name: (-ratios[name], name))
    figures = {
        name: {"here": best[here][name], "there": best[there][name], "ratio": round(ratios[name], 3)} for name in order
    }
    return {"rounds": rounds, "figures": figures, "slower": [name for name in order if ratios[name] > SLOWER]}


def speed_against(
    there: Path, rounds: int, device: str, threads: int, on_step: Callable[[str], None] = lambda step: None
) -> dict[str, Any]:
    """`compare_checkouts` of the running code with another checkout, with `config` and `machine` for a record."""
    here = Path(archflow.__file__).parents[1]
    commits = {
        name: checkout_commit(path / "archflow" / "__init__.py") for name, path in (("here", here), ("there", there))
    }
    result = compare_checkouts(here, there, rounds, lambda checkout: run_in(checkout, device, threads), on_step)
    config = {"device": device, "threads": threads, "rounds": rounds, **commits}
    return {**result, "config": config, "machine": machine(torch.device(device))}


def times_of(result: Mapping[str, Any], path: Sequence[str] = ()) -> dict[str, float]:
    """The medians of all times of a result of `run_speed`, by their path; of results that have only medians, these."""
    if result.keys() == {"min", "median"}:
        return times_of({"median": result["median"]}, path)
    found: dict[str, float] = {}
    for key, value in result.items():
        inner = [*path, key] if key != "median" else list(path)
        if isinstance(value, Mapping):
            found |= times_of(value, inner)
        elif isinstance(value, (int, float)) and value > 0 and _is_time(inner):
            found[".".join(inner)] = float(value)
    return found


def run_in(checkout: Path, device: str, threads: int) -> Mapping[str, Any]:
    """The result of a checkout's own `archflow bench speed`, in a process of its own with this interpreter.

    Raises:
        ArchflowError: It is no checkout of archflow, or its command fails.
    """
    if not (checkout / "archflow" / "__main__.py").is_file():
        raise ArchflowError(f"--against {checkout}: no checkout of archflow; name the folder that holds `archflow/`")
    checkout = checkout.resolve()
    command = [sys.executable, "-m", "archflow", "bench", "speed", "--json", "--device", device]
    command += ["--threads", str(threads)]
    path = os.pathsep.join(map(str, (checkout, checkout / "reproduce")))
    done = subprocess.run(
        command, cwd=checkout, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    # A time below its roof is an error of that checkout's measurement, said after the result: the times are there.
    if not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ArchflowError(f"--against: `archflow bench speed` failed in {checkout}: {last}")
    content = json.loads(done.stdout)
    return content["result"] if "schema" in content else content


def _is_time(path: Sequence[str]) -> bool:
    """Whether a figure is a measured time; the roof and the traffic are computed ones."""
    names = [name for name in path if name.endswith(("_us", "_s")) or name in ("us", "seconds")]
    return bool(names) and names[-1] not in ("roof_us", "traffic_us")
