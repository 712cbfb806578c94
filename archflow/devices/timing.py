"""How long a call takes: runs until their median is stable, in passes until two agree. Knows nothing of networks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import Bounded, bounded
from archflow.errors import ArchflowError

Clock = Callable[[], float]
"""Seconds from any fixed moment on."""

Disturbed = Callable[[], bool]
"""Says whether something else slows this machine down now."""

FEWEST = 3
"""Undisturbed runs that every pass needs."""

TRIED = 100
"""The maximum number of runs in which a pass looks for them once its time is over."""


@dataclass(frozen=True)
class Protocol(Bounded):
    """How a latency is measured.

    Attributes:
        threads: That the call runs on, pinned to as many cores.
        compiled: Whether `torch.compile` makes the network first, in place of running it as it is.
        warm_up: Runs that are not counted, before every pass.
        runs: At least so many in a pass, unless the time is over before.
        seconds: The maximum length of a pass; three undisturbed runs are waited for somewhat longer.
        stable: A pass ends when the 95 % confidence interval of its median is narrower than this part of the median.
        agree: Two passes whose medians differ by more than this part of the smaller one were disturbed.
        passes: At most so many; the last two that were made have to agree.
    """

    threads: int = bounded(1, least=1, most=1024)
    compiled: bool = False
    warm_up: int = bounded(5, least=0, most=100_000)
    runs: int = bounded(30, least=3, most=1_000_000)
    seconds: float = bounded(5.0, above=0.0, most=86_400.0)
    stable: float = bounded(0.01, above=0.0, most=1.0)
    agree: float = bounded(0.05, above=0.0, most=1.0)
    passes: int = bounded(6, least=2, most=1000)

    @property
    def mode(self) -> str:
        """`eager` or `compiled`."""
        return "compiled" if self.compiled else "eager"


@dataclass(frozen=True)
class Timing:
    """What the two passes that agree say, in milliseconds.

    Attributes:
        median: Over the runs of both.
        low, high: The 10 % and 90 % quantiles of the runs.
        runs: How many there were in both.
        passes: How many were made until two agreed.
    """

    median: float
    low: float
    high: float
    runs: int
    passes: int


def never() -> bool:
    """Nothing disturbs."""
    return False


def timed(
    call: Callable[[], object],
    protocol: Protocol,
    clock: Clock = time.perf_counter,
    disturbed: Disturbed = never,
) -> Timing:
    """Time a call.

    Args:
        call: Ends when all its work is done.
        protocol: See there.
        clock: Read before and after every run.
        disturbed: Asked before and after every run; only runs between two moments without disturbance count.

    Raises:
        ArchflowError: If no two passes in a row agree, or hardly a run is undisturbed: something else keeps the machine
            busy.
    """
    before = one_pass(call, protocol, clock, disturbed)
    apart = math.inf
    for number in range(2, protocol.passes + 1):
        latest = one_pass(call, protocol, clock, disturbed)
        medians = sorted((float(np.median(before)), float(np.median(latest))))
        apart = medians[1] / medians[0] - 1 if medians[0] > 0 else math.inf
        if apart <= protocol.agree:
            runs = np.concatenate([before, latest])
            low, median, high = (1e3 * float(each) for each in np.quantile(runs, [0.1, 0.5, 0.9]))
            return Timing(median, low, high, len(runs), number)
        before = latest
    raise ArchflowError(
        f"no two of {protocol.passes} passes in a row agree within {protocol.agree:.0%}, the last two differ by "
        f"{apart:.0%}: end what else keeps this machine busy, and measure again"
    )


def one_pass(
    call: Callable[[], object],
    protocol: Protocol,
    clock: Clock = time.perf_counter,
    disturbed: Disturbed = never,
) -> NDArray[np.float64]:
    """Seconds (n,) of the undisturbed runs of one pass. Arguments and errors as for `timed`."""
    for _ in range(protocol.warm_up):
        call()
    runs: list[float] = []
    look, tried, total = protocol.runs, 0, 0.0
    quiet = not disturbed()
    while total < protocol.seconds or len(runs) < FEWEST:
        if tried >= TRIED and total >= protocol.seconds:
            raise ArchflowError(
                f"only {len(runs)} of {tried} runs are undisturbed, {FEWEST} are needed: end what else keeps this "
                "machine busy, and measure again"
            )
        start = clock()
        call()
        took = clock() - start
        tried, total = tried + 1, total + took
        before, quiet = quiet, not disturbed()
        if not (before and quiet):
            continue
        runs.append(took)
        if len(runs) >= look:
            if _is_stable(np.sort(runs), protocol.stable):
                break
            look = math.ceil(1.5 * look)  # looking after every run would end at a lucky one
    return np.array(runs)


def _is_stable(ordered: NDArray[np.float64], part: float) -> bool:
    """Whether the 95 % confidence interval of the median, whose ends are two of the sorted times, is narrow enough."""
    count = len(ordered)
    half = 0.98 * math.sqrt(count)
    low, high = math.floor(count / 2 - half), math.ceil(count / 2 + half)
    if low < 0 or high >= count:
        return False
    return bool(ordered[high] - ordered[low] <= part * np.median(ordered))
