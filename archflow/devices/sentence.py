"""A device as one sentence that says all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archflow.devices.device import Device
from archflow.devices.words import numbers_said

_SAID: Mapping[str, Callable[[float], str]] = {
    "cores": lambda value: f"{value:g} cores",
    "clock_ghz": lambda value: f"{value:g} GHz",
    "bandwidth_gb_s": lambda value: f"{value:g} GB/s",
    "peak_gflops": lambda value: f"{value:g} GFLOPS",
    "threads": lambda value: f"{value:g} threads",
    "gpu": lambda value: "GPU" if value else "CPU",
}


def sentence(device: Device) -> str:
    """The words of a device, then those of its numbers that the words do not say."""
    said = numbers_said(device.words)
    further = [say(device.numbers[name]) for name, say in _SAID.items() if name in device.numbers and name not in said]
    precision = [device.precision] if device.precision and "precision" not in said else []
    return ", ".join([device.words, *precision, *further])
