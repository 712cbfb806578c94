"""A device as one sentence that says all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archflow.devices.device import Device
from archflow.devices.words import numbers_in

_SAID: Mapping[str, Callable[[float], str]] = {
    "cores": lambda value: f"{value:g} cores",
    "clock_ghz": lambda value: f"{value:g} GHz",
    "bandwidth_gb_s": lambda value: f"{value:g} GB/s",
    "peak_gflops": lambda value: f"{value:g} GFLOPS",
    "threads": lambda value: f"{value:g} threads",
    "gpu": lambda value: "GPU" if value else "CPU",
}


def sentence(device: Device) -> str:
    """The words of a device, then those of its numbers that the words do not say, such that both are read in it.

    A number of cores is put behind the clock: a clock in a part of its own counts as a core (`numbers_in`).
    """
    text = device.words
    if device.precision and "precision" not in numbers_in(text):
        text = f"{text}, {device.precision}"
    for name, say in _SAID.items():
        said = numbers_in(text)
        if name in said or name not in device.numbers:
            continue
        value = device.numbers[name]
        for longer in (f"{text}, {say(value)}", text.replace("GHz", f"GHz {say(value)}", 1)):
            if numbers_in(longer) == {**said, name: value}:
                text = longer
                break
    return text
