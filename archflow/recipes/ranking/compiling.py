"""Whether a ranking uses compiled encoders: if they rank alike, and save more time than compiling takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from archflow.encoders.compiled import check_compiler
from archflow.errors import ArchflowError
from archflow.recipes.ranking.precision import FASTER, LONG, PASSES, Agreement

Values = NDArray[np.float64]

Compiling = Literal["never", "auto"]

Score = Callable[[bool], Values]
"""Scores (N,) of the same candidates by plain or compiled encoders, higher is better."""

WORTH = 3.0
"""How many times the seconds of compiling must be saved: every process compiles, or loads what another has compiled."""


@dataclass(frozen=True)
class Trial:
    """Compiled encoders beside plain ones, on the same candidates.

    Attributes:
        agreement: How alike they rank.
        plain, fused: Seconds of processor time for the candidates.
        first: Seconds of the first pass, with compiling.
    """

    agreement: Agreement
    plain: float
    fused: float
    first: float

    def saved(self, candidates: int, workers: int) -> float:
        """Seconds that each of the workers saves on this many candidates."""
        return (self.plain - self.fused) / self.agreement.candidates * candidates / workers


def asked(compiling: str) -> Compiling:
    """What a user asks for. Raises ArchflowError for anything else."""
    for known in get_args(Compiling):
        if compiling == known:
            return known
    raise ArchflowError(f"compile {compiling!r}: give one of {', '.join(get_args(Compiling))}")


def worth_compiling(count: int, workers: int, score: Score) -> tuple[bool, str | None]:
    """Whether to compile, and a line for the user.

    Args:
        count: The number of candidates.
        workers: The number of processes that share them.
        score: Scores some of the candidates.
    """
    if count < LONG:
        return False, None
    try:
        check_compiler()
        found = tried(score)
    except ArchflowError as error:
        return False, f"not compiled: {error}"
    saved = found.saved(count, workers)
    faster = found.plain >= FASTER * found.fused and saved > WORTH * found.first
    taken = found.agreement.within_tolerance and faster
    said = f"{found.plain / max(found.fused, 1e-9):.2f} times as fast; compiling took {found.first:.0f} s"
    return taken, f"{'compiled' if taken else 'not compiled'}: compiled encoders are {said}; {found.agreement}"


def tried(score: Score) -> Trial:
    """Compare both, by processor time, which other work on the machine disturbs less than the clock."""
    began = time.perf_counter()
    fused = score(True)
    first = time.perf_counter() - began
    seconds: dict[bool, list[float]] = {False: [], True: []}
    plain = fused
    for _ in range(PASSES):  # in turn, so that what disturbs one disturbs both
        for compiled, times in seconds.items():
            start = time.process_time()
            scores = score(compiled)
            times.append(time.process_time() - start)
            plain = plain if compiled else scores
    return Trial(Agreement.of(plain, fused), min(seconds[False]), min(seconds[True]), first)
