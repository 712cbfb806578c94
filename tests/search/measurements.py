"""Evaluators of the search's tests; a module of its own, because worker processes import it."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from archflow.graph import Architecture


def convolutions(architecture: Architecture) -> float:
    """A single number."""
    return float(sum("conv" in op for op in architecture.ops))


def noisy(architecture: Architecture, seed: int) -> dict[str, float]:
    """What depends on the seed too."""
    return {"score": convolutions(architecture) + seed % 997 / 1000, "nodes": float(len(architecture.edges))}


def by_epoch(architecture: Architecture, seed: int) -> Iterator[tuple[int, dict[str, float]]]:
    """A learning curve."""
    for epoch in (1, 3, 9):
        yield epoch, {"score": convolutions(architecture) * epoch}


def trouble(architecture: Architecture, seed: int) -> object:
    """What goes wrong depends on the number of convolutions."""
    count = int(convolutions(architecture))
    if count == 0:
        raise RuntimeError("no\nconvolution")
    if count == 1:
        time.sleep(60)
    if count == 2:
        os._exit(9)
    if count == 6:
        sys.exit("enough")
    if count == 3:
        return {"score": float("nan")}
    return {"score": "high"} if count == 4 else {"other": 1.0}


def lingers(architecture: Architecture, seed: int) -> dict[str, float]:
    """Its process takes a while to end."""
    atexit.register(time.sleep, 0.3)
    return {"score": 1.0}


def killed(architecture: Architecture, seed: int) -> float:
    """As by a system that is out of memory."""
    os.kill(os.getpid(), 9)
    return 0.0


def dies_twice(architecture: Architecture, seed: int) -> float:
    """Kills its process where the seed says so."""
    if seed % 5 == 0:
        os.kill(os.getpid(), 9)
    return convolutions(architecture)


class Slow:
    """Writes down what it begins with, and takes its time."""

    def __init__(self, log: Path, seconds: float) -> None:
        self.log, self.seconds = log, seconds

    def __call__(self, architecture: Architecture, seed: int) -> dict[str, float]:
        with self.log.open("a") as file:
            file.write(f"{os.getpid()} {' '.join(architecture.ops)}\n")
        time.sleep(self.seconds)
        return noisy(architecture, seed)
