"""What the figures were measured on, and how."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from archflow.errors import ArchflowError

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> dict[str, Any]:
    """Processor, threads and versions, as JSON keeps them, and the device's name if it is not the processor."""
    about = {"processor": _processor(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    if device.type != "cpu":
        about["device"] = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    return about


def device_named(name: str) -> torch.device:
    """The device of that name, as torch writes it. Raises ArchflowError if this machine has none such."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ArchflowError(f"device {name!r} cannot be used here ({reason}); take cpu, or cuda with a GPU") from None
    return device


def wait_for(device: torch.device) -> None:
    """Return when the device has done what it was told: a GPU works on while the program goes on."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def median_seconds(run: Callable[[], object], repeats: int, device: torch.device = CPU) -> float:
    """Median seconds of `run`, until the device is done, after one pass to warm up."""
    run()
    times = []
    for _ in range(repeats):
        wait_for(device)
        began = time.perf_counter()
        run()
        wait_for(device)
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def matmul_gflops(
    rows: int,
    inner: int,
    columns: int,
    dtype: torch.dtype = torch.float32,
    seconds: float = 0.5,
    clock: Callable[[], float] = time.perf_counter,
    device: torch.device = CPU,
) -> float:
    """Measured rate of one matrix product in 10^9 floating-point operations a second: the roof of what layers reach.

    clock: the one that the layers were timed with; `time.process_time` counts other processes out, on one thread.
    """
    a, b = torch.randn(rows, inner, dtype=dtype, device=device), torch.randn(inner, columns, dtype=dtype, device=device)
    out = torch.empty(rows, columns, dtype=dtype, device=device)
    times_a_second = _rate(lambda: torch.mm(a, b, out=out), seconds, clock, device)
    return 2e-9 * rows * inner * columns * times_a_second


def copy_gbs(values: int, seconds: float = 0.5, device: torch.device = CPU) -> float:
    """Measured rate at which so many float32 values are copied, in 10^9 bytes read and written a second."""
    source, target = torch.randn(2, values, device=device)
    return 8e-9 * values * _rate(lambda: target.copy_(source), seconds, time.perf_counter, device)


def _rate(run: Callable[[], object], seconds: float, clock: Callable[[], float], device: torch.device) -> float:
    """How often a second `run` is done."""
    for _ in range(3):
        run()
    wait_for(device)
    count, began = 0, clock()
    while clock() - began < seconds:
        for _ in range(4):
            run()
        wait_for(device)
        count += 4
    return count / (clock() - began)


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
