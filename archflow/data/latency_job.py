"""Measure the latencies of networks on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.data.journal import Journal, open_journal
from archflow.devices.device import Device
from archflow.devices.here import processor
from archflow.devices.measure import COLUMNS, latency
from archflow.devices.networks import Networks
from archflow.devices.timing import Clock, Protocol
from archflow.devices.yardstick import Yardstick
from archflow.errors import ArchflowError
from archflow.graph.column_names import TABLE_ENDINGS, column_names
from archflow.graph.columns import write_columns
from archflow.outputs import Output

if TYPE_CHECKING:
    import pyarrow as pa

    from archflow.progress import Progress

DEVICE = "device"
"""The column with the words of the device."""


@dataclass
class Measured:
    """The result of a job.

    Attributes:
        entries: Measurements by row; see `COLUMNS`.
        failures: Reasons of failures by row.
    """

    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LatencyJob:
    """Measures the latencies of networks, one after the other.

    Attributes:
        networks: The networks.
        device: The name of this machine in the table.
        protocol: How each network is measured.
    """

    networks: Networks
    device: Device
    protocol: Protocol = field(default_factory=Protocol)

    def outputs(self, out: Path) -> list[Output]:
        """The files that `run` writes, to check beforehand. The journal itself knows whether it is of this job."""
        journal = journal_of(out)
        return [
            Output("--out", out, "a table", TABLE_ENDINGS, own=lambda path: journal.is_file() or _is_measured(path)),
            Output("its journal", journal, own=Path.is_file),
        ]

    def run(self, out: Path, progress: Progress | None = None, clock: Clock = time.perf_counter) -> Measured:
        """Measure all that the journal beside `out` does not hold yet, and write the table.

        A network that cannot be measured has empty cells, and the journal stays, so that the same job tries it again;
        once all are measured it is removed.

        Raises:
            ArchflowError: If none could be measured, or the journal is of another job or machine.
        """
        done, yardstick = Measured(), Yardstick(clock=clock)
        with open_journal(journal_of(out), self._configuration()) as journal:
            done.entries = {entry["row"]: entry for entry in journal.entries}
            for row in range(len(self.networks)):
                if row not in done.entries:
                    self._measure(row, journal, done, yardstick)
                if progress is not None:
                    progress.advance()
        if not done.entries:
            journal_of(out).unlink()
            raise ArchflowError(f"no network could be measured: {next(iter(done.failures.values()))}")
        write_columns(out, self._table(done.entries))
        if not done.failures:
            journal_of(out).unlink()
        return done

    def _measure(self, row: int, journal: Journal, done: Measured, yardstick: Yardstick) -> None:
        try:
            network, inputs = self.networks.build(row)
            measured = latency(network, inputs, self.protocol, yardstick=yardstick, clock=yardstick.clock)
        except ArchflowError as error:
            name = self.networks.called(row)
            done.failures[row] = str(error) if str(error).startswith(name) else f"{name}: {error}"
            return
        done.entries[row] = {"row": row, **asdict(measured)}
        journal.append(done.entries[row])

    def _configuration(self) -> dict[str, Any]:
        """Everything that determines the measurements, as plain JSON values."""
        import torch

        machine = {"device": self.device.words, "processor": processor(), "torch": torch.__version__}
        return {**self.networks.configuration, **asdict(self.protocol), **machine}

    def _table(self, entries: Mapping[int, Mapping[str, Any]]) -> pa.Table:
        """The networks' own columns, followed by the measurements, which are empty where missing."""
        import pyarrow as pa

        table = self.networks.columns()
        table = table.drop_columns([name for name in (*COLUMNS, DEVICE) if name in table.column_names])
        for name in COLUMNS:
            table = table.append_column(name, pa.array([entries.get(row, {}).get(name) for row in range(len(table))]))
        return table.append_column(DEVICE, pa.array([self.device.words] * len(table)))


def journal_of(out: Path) -> Path:
    """The journal of finished items beside the table `out`."""
    return out.with_name(f"{out.name}.latency.journal.jsonl")


def _is_measured(path: Path) -> bool:
    """Whether a file is a table as a job writes it."""
    try:
        return {*COLUMNS, DEVICE} <= set(column_names(path))
    except ArchflowError:
        return False
