"""Evaluators for the labelling tests; a module of its own, because worker processes import it."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.graph import Architecture


@dataclass(frozen=True)
class OperationCount:
    """Counts convolutions, slowly, and writes down every item it starts."""

    log: Path
    seconds: float = 0.0

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        with self.log.open("a") as file:
            file.write(f"{seed} {' '.join(architecture.ops)}\n")
        time.sleep(self.seconds)
        convolutions = sum("conv" in op for op in architecture.ops)
        return {"accuracy": 10 * convolutions + seed, "third": convolutions / 3}


@dataclass(frozen=True)
class OnlyFirstSeed:
    """Cannot measure with a seed above zero."""

    infinite: bool = False

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        if seed > 0 and not self.infinite:
            raise ArchflowError("training diverged")
        return {"accuracy": float("inf") if seed > 0 else 1.0}


def never(architecture: Architecture, seed: int) -> Mapping[str, float]:
    raise ArchflowError("training diverged")


def die(architecture: Architecture, seed: int) -> Mapping[str, float]:
    os._exit(9)
