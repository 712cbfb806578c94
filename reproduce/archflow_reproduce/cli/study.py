"""Common steps of the verbs of `archflow bench`: find the data, check outputs, write the record, print."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from archflow.cli.output import print_json
from archflow.outputs import Output, check_outputs

if TYPE_CHECKING:
    from archflow.data.benchmarks import Benchmark
    from archflow.graph.table import Table

Writer = Callable[[Path, Mapping[str, Any]], None]
"""Writes a file about a result; called with the path and the result."""


@dataclass(frozen=True)
class Study:
    """One run of a verb, with the destination and format of its result.

    Attributes:
        kind: The verb, which is a kind of record.
        out: The result file, or None to print only.
        as_json: Print the record instead of text.
        force: Replace existing files even if they do not belong to an earlier result.
        beside: Endings of the files that are written next to `out`.

    Raises:
        ArchflowError: If `out` is not a .json file in a writable folder, or an existing file does not belong to an
            earlier result. This is checked before the work, so that no result is lost, and no report is overwritten.
    """

    kind: str
    out: Path | None
    as_json: bool
    force: bool = False
    beside: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.out is None:
            return
        from archflow_reproduce.results.record import is_record

        out = self.out
        result = Output("--out", out, "a result", (".json",), is_record)
        check_outputs(result, force=True)  # a name without an ending has no report beside it
        reports = [Output("the report", out.with_suffix(each), own=lambda _: is_record(out)) for each in self.beside]
        check_outputs(result, *reports, force=self.force)

    def finish(
        self, content: Mapping[str, Any], data: Mapping[str, str], text: str, beside: Mapping[str, Writer] | None = None
    ) -> None:
        """Write the record and the files next to it, and print.

        Args:
            content: What the study returned: the result, with `config` and `machine`.
            data: Hashes of the data by name.
            text: The result as text.
            beside: Writers of the files next to the result file, by ending.
        """
        from archflow_reproduce.results.record import new_record, write_record

        record = new_record(self.kind, content, data)
        if self.out is not None:
            write_record(self.out, record)
            for ending, write in (beside or {}).items():
                write(self.out.with_suffix(ending), content)
        if self.as_json:
            print_json(asdict(record))
        else:
            typer.echo(text)


class NamedTable(NamedTuple):
    """A table with its name in results, and its benchmark, if any."""

    name: str
    benchmark: Benchmark | None
    table: Table


def named_table(data: str) -> NamedTable:
    """The table of a data set's name or a file. Raises ArchflowError if it is neither."""
    from archflow.data.benchmarks import find
    from archflow.graph.table import read_table

    benchmark, path = find(data)
    return NamedTable(benchmark.name if benchmark else path.stem, benchmark, read_table(path))


def cores(processes: int) -> int:
    """Number of processes to start; 0 means one per core."""
    return processes or os.cpu_count() or 1


def say(step: str) -> None:
    """A few words about the next step, on standard error."""
    typer.echo(step, err=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, completely or not at all."""
    from archflow.files import write_atomically

    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
