"""Timing, and the roof that times are compared with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from archflow_reproduce.speed.machine import CPU, wait_for

Clock = Callable[[], float]

CLOCK: Clock = time.perf_counter
"""The clock of all times and rates."""


@dataclass(frozen=True)
class Times:
    """Seconds of the passes of one measurement: the fastest, which is least disturbed by other work, and the median."""

    fastest: float
    median: float

    def rounded(self, scale: float, digits: int) -> dict[str, float]:
        """Both times multiplied by a factor, as JSON values."""
        return {"min": round(scale * self.fastest, digits), "median": round(scale * self.median, digits)}


def timed(
    run: Callable[[], object],
    repeats: int,
    device: torch.device = CPU,
    between: Callable[[], object] = lambda: None,
    clock: Clock = CLOCK,
) -> Times:
    """Time `run`, until the device has finished, after one warm-up pass.

    Args:
        run: The function to time.
        repeats: Number of passes.
        device: Device of the computation.
        between: Called before every pass; its time does not count.
        clock: Returns seconds.
    """
    run()
    seconds = []
    for _ in range(repeats):
        between()
        wait_for(device)
        began = clock()
        run()
        wait_for(device)
        seconds.append(clock() - began)
    return Times(min(seconds), float(np.median(seconds)))


@dataclass
class Roof:
    """The best rate of float32 matrix products that this machine has shown, over several shapes.

    A roof must be the best of many tries: other work on the machine, or a shape that the library handles badly, makes a
    single try too slow. Call `sample` between the passes that the roof bounds, so that both see the same disturbance.

    Attributes:
        shape: Rows, inner size and columns of the product that the measured layers consist of. Also tried are its
            transpose, the same with all sizes padded to multiples of 64, and a product of `large` x `large`.
        device: Device of the products.
        clock: Returns seconds.
    """

    shape: tuple[int, int, int]
    device: torch.device = CPU
    clock: Clock = CLOCK
    large: int = 2048
    _rates: dict[tuple[int, int, int], float] = field(default_factory=dict)

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """All shapes that are tried, without duplicates."""
        rows, inner, columns = self.shape
        padded = (-(-rows // 64) * 64, -(-inner // 64) * 64, -(-columns // 64) * 64)
        large = (self.large, self.large, self.large)
        return list(dict.fromkeys([self.shape, (columns, inner, rows), padded, large]))

    def sample(self, tries: int = 1) -> None:
        """Try every shape `tries` more times."""
        for shape in self.shapes:
            rows, inner, columns = shape
            a, b = torch.randn(rows, inner, device=self.device), torch.randn(inner, columns, device=self.device)
            out = torch.empty(rows, columns, device=self.device)
            # On a GPU one product is shorter than its launch.
            calls = 1 if self.device.type == "cpu" else 16

            def multiply(a=a, b=b, out=out, calls=calls) -> None:
                for _ in range(calls):
                    torch.mm(a, b, out=out)

            seconds = timed(multiply, tries, self.device, clock=self.clock).fastest / calls
            self._rates[shape] = max(self._rates.get(shape, 0.0), 2e-9 * rows * inner * columns / seconds)

    @property
    def own(self) -> float:
        """The best rate at `shape`, in 10^9 floating-point operations per second."""
        return self._rates[self.shape]

    @property
    def gflops(self) -> float:
        """The roof: the best rate at any shape, in 10^9 floating-point operations per second."""
        return max(self._rates.values())


def copy_gbs(values: int, device: torch.device = CPU, tries: int = 30, clock: Clock = CLOCK) -> float:
    """The best rate of copying `values` float32 values, in 10^9 bytes read and written per second."""
    source, target = torch.randn(2, values, device=device)
    return 8e-9 * values / timed(lambda: target.copy_(source), tries, device, clock=clock).fastest
