"""This machine: what it is, and how many of its cores a measurement gets."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archflow.devices.device import Device
from archflow.errors import ArchflowError

HERE = "here"
"""The name of this machine."""


def this_device(threads: int | None = None) -> Device:
    """This machine, as far as the system says what it is."""
    parts = [processor(), f"{_cores()} cores", "CPU", *([f"{threads} threads"] if threads else [])]
    return Device(HERE, ", ".join(parts))


def processor() -> str:
    """What the system calls the processor."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model") and value.strip():
                return " ".join(value.split())
    return platform.processor() or platform.machine() or "processor unknown"


def _allowed() -> list[int]:
    """The cores that this process may use, as far as the system says which."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _cores() -> int:
    return len(_allowed())


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Torch on so many threads within the block, all of this process on as many cores; as before behind it.

    Where the system cannot pin (macOS), only the number of threads is set.

    Raises:
        ArchflowError: There are fewer cores than threads.
    """
    import torch

    allowed = _allowed()
    if threads > len(allowed):
        raise ArchflowError(
            f"{threads} threads on {len(allowed)} cores would wait for each other; give at most {len(allowed)}"
        )
    before = torch.get_num_threads()
    try:
        _pin(allowed[:threads])
        torch.set_num_threads(threads)
        yield
    finally:
        torch.set_num_threads(before)
        _pin(allowed)


def _pin(cores: list[int]) -> None:
    """All threads of this process, those that torch began before too."""
    if not hasattr(os, "sched_setaffinity"):
        return
    tasks = Path("/proc/self/task")
    threads = [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]
    for thread in threads:
        with suppress(ProcessLookupError):  # it has ended
            os.sched_setaffinity(thread, cores)
