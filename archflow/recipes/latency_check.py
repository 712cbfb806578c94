"""Compare networks measured on this machine with the latencies of a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archflow.data.latency_job import Measured
from archflow.devices.timing import Protocol
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.predict.metrics import spearman

LEAST = 5
"""Networks that a comparison needs."""


@dataclass(frozen=True)
class LatencyCheck:
    """How networks measured here compare with what a table says of them.

    Attributes:
        column: The table's latencies, of the same number of threads and mode.
        networks: How many have both.
        spearman: Rank correlation of the two.
        factor: Median of here / there.
    """

    column: str
    networks: int
    spearman: float
    factor: float

    @property
    def sentence(self) -> str:
        """One line for the user."""
        return (
            f"{self.networks} networks: Spearman {self.spearman:.3f} with the table's {self.column}; "
            f"this machine takes {self.factor:.2f} times as long"
        )


def check_of(table: Path, measured: Measured, protocol: Protocol) -> LatencyCheck | None:
    """Compare measurements with the table that the networks come from.

    Args:
        table: With a column `latency_ms_THREADS_MODE`, as in `cpu_latency`.
        measured: Measurements of its first rows.
        protocol: How they were measured.

    Returns:
        None if the table has no such column, or too few networks have both latencies.
    """
    column = f"latency_ms_{protocol.threads}_{protocol.mode}"
    try:
        there = read_table(table).metric(column)
    except ArchflowError:
        return None
    pairs = [(entry["latency_ms"], there[row]) for row, entry in measured.entries.items() if np.isfinite(there[row])]
    if len(pairs) < LEAST:
        return None
    here, known = np.array(pairs).T
    return LatencyCheck(column, len(pairs), spearman(here, known), float(np.median(here / known)))
