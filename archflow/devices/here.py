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
    parts = [processor(), f"{cores()} cores", "CPU", *([f"{threads} threads"] if threads else [])]
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


def cores() -> int:
    """How many cores this process may use."""
    return len(_allowed())


@contextmanager
def pinned(threads: int, first: int = 0) -> Iterator[None]:
    """Torch on so many threads within the block, all of this process on as many cores; as before behind it.

    Where the system cannot pin (macOS), only the number of threads is set.

    Args:
        threads: How many.
        first: The first of the cores, counted among those that this process may use; the last ones are followed by 0.

    Raises:
        ArchflowError: If there are fewer cores than threads.
    """
    import torch

    allowed = _allowed()
    if threads > len(allowed):
        raise ArchflowError(
            f"{threads} threads on {len(allowed)} cores would wait for each other; give at most {len(allowed)}"
        )
    before = torch.get_num_threads()
    try:
        _pin([allowed[(first + each) % len(allowed)] for each in range(threads)])
        torch.set_num_threads(threads)
        yield
    finally:
        torch.set_num_threads(before)
        _pin(allowed)


@contextmanager
def undisturbed() -> Iterator[bool]:
    """All of this process before any other that may wait, within the block; says whether the system allows that.

    Linux allows it to the superuser, and keeps a twentieth of every second for the others: blocks should be shorter.
    """
    try:
        for thread in _threads():
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))
    except (PermissionError, AttributeError):  # another user, another system
        yield False
        return
    try:
        yield True
    finally:
        for thread in _threads():  # those that torch began within the block too
            with suppress(ProcessLookupError):
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _pin(cores: list[int]) -> None:
    """All threads of this process, those that torch began before too."""
    if not hasattr(os, "sched_setaffinity"):
        return
    for thread in _threads():
        with suppress(ProcessLookupError):  # it has ended
            os.sched_setaffinity(thread, cores)


def _threads() -> list[int]:
    """All threads of this process; 0 stands for the calling one where the system does not list them."""
    tasks = Path("/proc/self/task")
    return [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]
