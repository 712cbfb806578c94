"""What the figures were measured on."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import torch


def machine() -> dict[str, Any]:
    """Processor, threads and versions, as JSON keeps them."""
    about = {"processor": _processor(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    if torch.cuda.is_available():
        about["gpu"] = torch.cuda.get_device_name()
    return about


def matmul_gflops(
    rows: int,
    inner: int,
    columns: int,
    dtype: torch.dtype = torch.float32,
    seconds: float = 0.5,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Measured rate of one matrix product in 10^9 floating-point operations a second: the roof of what layers reach.

    clock: the one that the layers were timed with; `time.process_time` counts other processes out, on one thread.
    """
    a, b = torch.randn(rows, inner, dtype=dtype), torch.randn(inner, columns, dtype=dtype)
    out = torch.empty(rows, columns, dtype=dtype)
    for _ in range(3):
        torch.mm(a, b, out=out)
    count, began = 0, clock()
    while clock() - began < seconds:
        torch.mm(a, b, out=out)
        count += 1
    return 2e-9 * rows * inner * columns * count / (clock() - began)


def peak_gib() -> float:
    """The most memory that this process has held, GiB."""
    try:
        with open("/proc/self/status") as lines:
            # Not `ru_maxrss`: on Linux a process begins with that of the one that started it.
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024**2
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** (3 if sys.platform == "darwin" else 2)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
