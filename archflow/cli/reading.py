"""How verbs read and write tables: from files, data sets by name, or standard input, and to standard output."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.errors import ArchflowError

if TYPE_CHECKING:
    from archflow.data.benchmarks import Benchmark
    from archflow.graph.table import Table

STREAM = "-"
"""Stands for standard input or output in place of a file."""

TableOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="A data set's name (`archflow data list`), a table file, or - for standard input (CSV, JSON lines).",
    ),
]
NumbersOption = Annotated[
    bool,
    typer.Option(
        "--numbers-in-names",
        help="Read an operation named conv_k3_c64 as conv with the node attributes kernel 3 and channels 64.",
    ),
]
ChainOption = Annotated[
    str | None,
    typer.Option(
        "--chain",
        help="For a table without graphs whose columns describe the blocks of a chain: 'block{i}: k, e' for "
        "block0_k, block0_e, block1_k ... Numbers become node attributes, text the operation; a block whose "
        "columns are empty is left out. 'width, activation' makes a block of each of these columns.",
    ),
]
NativeOption = Annotated[
    str | None,
    typer.Option(
        "--space", help="Build the graphs from the column `native`, which holds strings of this search space."
    ),
]


@dataclass(frozen=True)
class Reading:
    """The options that say how a table is read."""

    chain: ChainOption = None
    space: NativeOption = None
    numbers_in_names: NumbersOption = False

    def table(self, data: str) -> Table:
        """Read the table of a data set, a file or standard input. Raises ArchflowError as `find` and `read` do."""
        return self.benchmark_and_table(data)[1]

    def benchmark_and_table(self, data: str) -> tuple[Benchmark | None, Table]:
        """Read a table; also return the named data set that it belongs to, if any."""
        from archflow.data.benchmarks import find

        if data == STREAM:
            return None, self.from_stdin()
        benchmark, path = find(data)
        return benchmark, self.read(path)

    def read(self, path: Path) -> Table:
        """Read the table in a file.

        Raises:
            ArchflowError: As for `read_table`, and if graphs cannot be made from the columns.
        """
        from archflow.data.made_graphs import table_of_columns
        from archflow.graph.columns import read_columns
        from archflow.graph.table import Table

        if self.chain is None and self.space is None:
            return _read_graphs(path, self.numbers_in_names)
        columns = read_columns(path)
        try:
            made = table_of_columns(columns, self.chain, self.space)
            return Table.from_frame(made, numbers_in_names=self.numbers_in_names)
        except ArchflowError as error:
            raise ArchflowError(f"{path}: {error}") from None

    def from_stdin(self) -> Table:
        """Read the table on standard input: JSON lines if it begins with an object, otherwise CSV."""
        text = sys.stdin.buffer.read()
        begin = text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.jsonl" if begin == b"{" else "table.csv")
            path.write_bytes(text)
            try:
                return self.read(path)
            except ArchflowError as error:
                raise ArchflowError(str(error).replace(str(path), "standard input")) from None


def _read_graphs(path: Path, numbers_in_names: bool) -> Table:
    """Read the table in a file; an error about missing graphs names the options that build them."""
    from archflow.graph.columns import GRAPH_COLUMNS
    from archflow.graph.table import read_table

    try:
        return read_table(path, numbers_in_names=numbers_in_names)
    except ArchflowError as error:
        if f"no column {GRAPH_COLUMNS[0]!r}" not in str(error):
            raise
        ways = "--space NAME makes them of native strings, --chain of columns such as block0_k or width"
        raise ArchflowError(f"{error}; {ways}") from None


def is_stdout(out: Path | None) -> bool:
    """Whether the path denotes standard output."""
    return out is not None and str(out) == STREAM


def write_table(table: Table, out: Path, as_json: bool) -> None:
    """Write a table into a file, or on standard output as CSV or JSON lines."""
    if not is_stdout(out):
        table.write(out)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.jsonl" if as_json else "table.csv")
        table.write(path)
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
