"""A fixed piece of work that says whether a core is as fast as it can be.

Two virtual machines may share a physical core. What runs in the other one is not seen in any figure of the system, yet
networks take up to twice as long meanwhile, for seconds. So does a loop of Python.
"""

from __future__ import annotations

import bisect
import math
import os
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from archflow.devices.timing import Clock

STEPS = 20_000
"""The steps of the loop, which take about a millisecond."""


def loop() -> None:
    """The piece of work."""
    for _ in range(STEPS):
        pass


class Yardstick:
    """Compares the time of a piece of work with what it has taken when it was fast so far.

    A core is disturbed while the work takes much longer than in its fastest twentieth of all looks: a single lucky one
    decides nothing.

    Args:
        slower: By more than this part.
        work: The piece of work.
        clock: In seconds.
    """

    def __init__(self, slower: float = 0.3, work: Callable[[], None] = loop, clock: Clock = time.perf_counter) -> None:
        self.slower, self.work, self.clock = slower, work, clock
        self._looks: list[float] = []

    @property
    def usual(self) -> float:
        """Seconds of the work on an undisturbed core, as far as is known."""
        return self._looks[len(self._looks) // 20] if self._looks else math.inf

    def disturbed(self) -> bool:
        """Whether the core that this thread runs on is disturbed now; the better of two attempts counts."""
        took = min(self._once(), self._once())
        bisect.insort(self._looks, took)
        return took > (1 + self.slower) * self.usual

    def disturbed_anywhere(self) -> bool:
        """Whether one of the cores that this thread may run on is disturbed now."""
        if not hasattr(os, "sched_setaffinity"):
            return self.disturbed()
        own = sorted(os.sched_getaffinity(0))
        try:
            for core in own:
                os.sched_setaffinity(0, [core])
                if self.disturbed():
                    return True
            return False
        finally:
            os.sched_setaffinity(0, own)

    def _once(self) -> float:
        start = self.clock()
        self.work()
        return self.clock() - start


def quiet_runs(
    call: Callable[[], object],
    disturbed: Callable[[], bool],
    runs: int,
    seconds: float,
    clock: Clock = time.perf_counter,
) -> NDArray[np.float64]:
    """Seconds of the runs before and behind which nothing disturbed.

    Args:
        call: Ends when all its work is done.
        disturbed: Says so.
        runs: How many to collect.
        seconds: How long to try, at most; fewer runs are given then.
        clock: Read before and after every run.
    """
    found: list[float] = []
    end = clock() + seconds
    quiet = not disturbed()
    while len(found) < runs and clock() < end:
        if not quiet:
            quiet = not disturbed()
            continue
        start = clock()
        call()
        took = clock() - start
        quiet = not disturbed()
        if quiet:
            found.append(took)
    return np.array(found)
