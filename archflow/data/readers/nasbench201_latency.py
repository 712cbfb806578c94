"""Latencies of NAS-Bench-201 cells as published with HELP: one torch file per device, and one that numbers the cells.

Source: Lee et al., "Hardware-adaptive Efficient Latency Prediction for NAS via Meta-Learning", NeurIPS 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.safe_pickle import read_torch_file
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201

_NUMBERS = "str_arch2idx.pt"


def read(files: Mapping[str, Path]) -> Table:
    """Read all 15,625 cells in the order of their numbers; `help_DEVICE_ms` for each other file DEVICE.pt."""
    native = _cells(files[_NUMBERS])
    space = NASBench201()
    architectures = ArchitectureSet.from_architectures([space.parse(text) for text in native], space.vocabulary)
    metrics = {"arch_id": np.arange(len(native), dtype=np.float64)}
    for name in sorted(set(files) - {_NUMBERS}):
        metrics[f"help_{Path(name).stem}_ms"] = _latencies(files[name], len(native))
    return Table(architectures, metrics, native)


def _cells(path: Path) -> list[str]:
    numbers = read_torch_file(path)
    if not (isinstance(numbers, dict) and all(isinstance(text, str) for text in numbers)):
        raise ArchflowError(f"{path}: not the published numbers of the cells: it is not a mapping from cells")
    if sorted(number for number in numbers.values() if type(number) is int) != list(range(len(numbers))):
        raise ArchflowError(f"{path}: not the published numbers of the cells: they are not 0 to {len(numbers) - 1}")
    return sorted(numbers, key=lambda text: numbers[text])


def _latencies(path: Path, count: int) -> NDArray[np.float64]:
    values: Any = read_torch_file(path)
    if not (isinstance(values, list) and len(values) == count and all(type(value) is float for value in values)):
        raise ArchflowError(f"{path}: not published latencies: it is not a list of {count} numbers")
    return np.array(values)
