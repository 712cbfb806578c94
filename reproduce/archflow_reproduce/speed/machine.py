"""Description of the machine that figures were measured on."""

from __future__ import annotations

import platform
import resource
import sys
from typing import Any

import torch

from archflow.errors import ArchflowError

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> dict[str, Any]:
    """Processor, threads and versions, as JSON values, and the device's name if it is not the processor."""
    about = {"processor": _processor(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    if device.type != "cpu":
        about["device"] = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    return about


def device_named(name: str) -> torch.device:
    """The device of that name in torch's notation. Raises ArchflowError if this machine does not have it."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ArchflowError(f"device {name!r} cannot be used here ({reason}); take cpu, or cuda with a GPU") from None
    return device


def wait_for(device: torch.device) -> None:
    """Wait until the device has finished its queued work, since a GPU works asynchronously."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def peak_gib() -> float:
    """The peak memory of this process in GiB."""
    try:
        with open("/proc/self/status") as lines:
            # Not `ru_maxrss`: on Linux a process inherits it from its parent.
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024**2
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** (3 if sys.platform == "darwin" else 2)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
