"""Splits of devices: train on latencies of some, evaluate on latencies of others.

The devices of a table are its metric columns, such as `help_1080ti_32_ms`: one piece of hardware may occur with several
batch sizes. Latencies at one batch size largely determine those at another, so a random split keeps all columns of one
piece of hardware on one side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph.table import Table

_BATCH_SIZE = re.compile(r"(_(1|2|4|8|16|32|64|128|256|512))?(_ms)?$")  # other numbers belong to a device's name


@dataclass(frozen=True)
class DeviceSplit:
    """Names of metric columns: devices to train on and devices to evaluate on."""

    train: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def shared_hardware(self) -> list[str]:
        """Hardware that is on both sides, with different batch sizes, and so leaks."""
        return sorted({hardware(device) for device in self.train} & {hardware(device) for device in self.test})


def hardware(device: str) -> str:
    """A device's name without unit and batch size: `help_1080ti_32_ms` -> `help_1080ti`."""
    return _BATCH_SIZE.sub("", device)


def devices_named(table: Table, train: Sequence[str], test: Sequence[str]) -> DeviceSplit:
    """Make the split of these devices.

    Raises ArchflowError for an empty side, a name on both sides or twice on one, and a column that the table lacks.
    """
    named = [*train, *test]
    if not train or not test:
        raise ArchflowError("split: name at least one device to learn from and one to judge on")
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise ArchflowError(f"split: device {twice!r} is named twice; name it on one side")
    for name in named:
        table.metric(name)
    return DeviceSplit(tuple(train), tuple(test))


def devices_drawn(devices: Sequence[str], test: int, seed: int = 0) -> DeviceSplit:
    """Draw at least `test` of these devices to judge on, hardware by hardware; the rest are to learn from.

    Raises ArchflowError if one side would be empty.
    """
    groups: dict[str, list[str]] = {}
    for device in devices:
        groups.setdefault(hardware(device), []).append(device)
    drawn: list[str] = []
    for name in np.random.default_rng(seed).permutation(sorted(groups)).tolist():
        if len(drawn) < test:
            drawn += groups[name]
    if not drawn or len(drawn) == len(devices):
        raise ArchflowError(
            f"split: {test} of {len(devices)} devices ({len(groups)} pieces of hardware) to judge on; "
            "both sides need at least one"
        )
    return DeviceSplit(tuple(d for d in devices if d not in drawn), tuple(d for d in devices if d in drawn))
