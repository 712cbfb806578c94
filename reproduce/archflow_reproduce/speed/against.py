"""Comparison of two checkouts on one machine, timed alternately by the same code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import archflow
from archflow.encoders import ENCODERS
from archflow.errors import ArchflowError
from archflow.recipes.presets import PRESETS
from archflow_reproduce.results.record import checkout_commit
from archflow_reproduce.speed import probe
from archflow_reproduce.speed.encoders import LARGE, MEMBERS
from archflow_reproduce.speed.machine import machine

SLOWER = 1.05
"""Ratio above which a figure counts as slower."""

AGAIN = 4
"""Figures that differ by more than that, in either direction, are timed again with this many times the passes: most of
them only met other work of the machine."""

# An editable installation of archflow would supply modules that a checkout does not have.
_START = """
import runpy, sys
sys.meta_path[:] = [each for each in sys.meta_path if not getattr(each, "__module__", "").startswith("__editable__")]
runpy.run_path(sys.argv[1], run_name="__main__")
"""

Timer = Callable[[Mapping[str, Any]], float]
"""Seconds of one pass of a figure. Raises `NotComparable` if it cannot be measured."""


class NotComparable(Exception):
    """A checkout lacks what a figure needs."""


class Figure(NamedTuple):
    """A figure to time.

    Attributes:
        request: The request to `probe`.
        per: Divisor of a pass's time, such as its number of architectures.
    """

    request: Mapping[str, Any]
    per: int


def figures(data: list[str]) -> dict[str, Figure]:
    """All figures by name, with the given data sets to load."""
    found: dict[str, Figure] = {}
    for name in [name for name in ENCODERS.names() if not ENCODERS.get(name).reads_pairs]:
        config = PRESETS["nasbench201"].published(name).config
        about = {"encoder": name, "config": config}
        for size, repeats in ((1, 16), (128, 4), (LARGE, 1)):
            request = {"kind": "encode", **about, "size": size, "repeats": repeats}
            found[f"{name}, encode {size:,}"] = Figure(request, size * repeats)
        shapes = [[16], [LARGE], *([[MEMBERS, 16]] if ENCODERS.get(name).stackable else [])]
        for shape in shapes:
            repeats = 1 if shape == [LARGE] else 4
            request = {"kind": "step", **about, "shape": shape, "repeats": repeats}
            found[f"{name}, training step of {' x '.join(f'{each:,}' for each in shape)}"] = Figure(request, repeats)
    for kind, per in (("surrogate", 1), ("parse", probe.PARSED), ("sample", probe.SAMPLED), ("hashes", 1)):
        found[kind] = Figure({"kind": kind}, per)
    found["enumerate NAS-Bench-101"] = Figure({"kind": "enumerate_space"}, 1)
    return found | {f"load {name}": Figure({"kind": "read", "name": name}, 1) for name in data}


def compare(
    here: Timer,
    there: Timer,
    wanted: Mapping[str, Figure],
    rounds: int,
    on_figure: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Time every figure in both checkouts, in alternating passes, so that both see the same machine load.

    Figures whose ratio is above `SLOWER`, or below its inverse, are timed again with `AGAIN` times the passes.

    Args:
        here: The checkout that is judged.
        there: The checkout it is compared with.
        wanted: Figures by name.
        rounds: Passes of each; the order changes from round to round.
        on_figure: Called with the name before each figure.

    Returns:
        `figures`: by name, the fastest pass `here` and `there` in seconds, their `ratio`, and the number of `passes`,
            the slowest first; `slower`: the names of those above `SLOWER`; `not_compared`: reasons by name.
    """
    measured, missing = {}, {}
    for name, figure in wanted.items():
        on_figure(name)
        try:
            found = _timed(here, there, figure, rounds)
            if not 1 / SLOWER <= found["ratio"] <= SLOWER:
                found = _timed(here, there, figure, AGAIN * rounds)
        except NotComparable as reason:
            missing[name] = str(reason)
            continue
        measured[name] = found
    order = sorted(measured, key=lambda name: (-measured[name]["ratio"], name))
    slower = [name for name in order if measured[name]["ratio"] > SLOWER]
    return {"figures": {name: measured[name] for name in order}, "slower": slower, "not_compared": missing}


def _timed(here: Timer, there: Timer, figure: Figure, passes: int) -> dict[str, float]:
    best = {here: float("inf"), there: float("inf")}
    for turn in range(passes):
        for timer in (there, here) if turn % 2 == 0 else (here, there):
            best[timer] = min(best[timer], timer(figure.request) / figure.per)
    ratio = round(best[here] / best[there], 3)
    return {"here": best[here], "there": best[there], "ratio": ratio, "passes": passes}


def speed_against(
    there: Path,
    rounds: int,
    threads: int,
    data: list[str],
    on_figure: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Compare the running code with another checkout; the result includes `config` and `machine` for a record.

    Raises:
        ArchflowError: If `there` is not a checkout of archflow, or its code does not start.
    """
    import torch

    ours = Path(archflow.__file__).parents[1]
    commits = {
        name: checkout_commit(path / "archflow" / "__init__.py") for name, path in (("here", ours), ("there", there))
    }
    with probing(ours, threads) as here, probing(there, threads) as other:
        result = compare(here, other, figures(data), rounds, on_figure)
    config = {"device": "cpu", "threads": threads, "rounds": rounds, **commits}
    return {"rounds": rounds, **result, "config": config, "machine": machine(torch.device("cpu"))}


@contextmanager
def probing(checkout: Path, threads: int) -> Iterator[Timer]:
    """A timer of a checkout's code: a separate process with this interpreter, which ends with the context.

    Raises:
        ArchflowError: If it is not a checkout of archflow, or its code does not start.
    """
    if not (checkout / "archflow" / "__main__.py").is_file():
        raise ArchflowError(f"--against {checkout}: not a checkout of archflow; name the folder that holds `archflow/`")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _START, probe.__file__],
        env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    requests, answers, errors = process.stdin, process.stdout, process.stderr

    def ask(request: Mapping[str, Any]) -> float:
        try:
            print(json.dumps({"threads": threads, **request}), file=requests, flush=True)
            answer = json.loads(answers.readline())
        except (OSError, ValueError):
            last = (errors.read().strip().splitlines() or ["it printed nothing"])[-1]
            raise ArchflowError(f"--against: the code in {checkout} cannot be measured: {last}") from None
        if "error" in answer:
            raise NotComparable(f"{checkout.name}: {answer['error']}")
        return answer["seconds"]

    with process:
        try:
            yield ask
        finally:
            process.kill()
