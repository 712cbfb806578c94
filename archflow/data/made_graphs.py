"""Tables without graphs: graphs made of columns that describe a chain, or of native strings.

`block{i}: k, e` means that block 0 is described by the columns `block0_k` and `block0_e`, block 1 by `block1_k` and
`block1_e`, and so on. The graph is a chain: `input`, a node for each block that a row has, `output`. Columns of numbers
are node attributes (`node_k`), columns of text are the operation. A row lacks a block if all its columns are empty.

`width, activation` is for columns that describe an architecture as a whole: a node for each of them. The node of a
number is the operation `width` with the attribute `width`; that of a text is the operation `activation=relu`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.arrow import PREFIX, to_columns
from archflow.graph.columns import GRAPH_COLUMNS
from archflow.graph.table_columns import TableColumns
from archflow.near import alternatives
from archflow.printable import shown
from archflow.spaces import SPACES

if TYPE_CHECKING:
    import pyarrow as pa

_PATTERN = re.compile(r"(?P<stem>[^:{}]*\{i\}[^:{}]*):(?P<names>[^:{}]+)")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class ChainPattern:
    """What the columns of a chain are called.

    Attributes:
        stem: What stands before the name of an attribute, with `{i}` for the number of the block.
        names: The attributes.
    """

    stem: str
    names: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> ChainPattern:
        """Read `block{i}: k, e, c`. Raises ArchflowError if the text has another form."""
        found = _PATTERN.fullmatch(text.strip())
        names = tuple(name.strip() for name in found["names"].split(",")) if found else ()
        if found is None or not all(names):
            raise ArchflowError(
                f"chain {shown(text)}: give the columns as 'block{{i}}: k, e, c' for block0_k, block0_e, block0_c, "
                "block1_k ..., or one by one as 'width, depth, activation'"
            )
        return cls(found["stem"].strip(), names)

    @property
    def operation(self) -> str:
        """The operation of blocks that no column of text describes: the stem in words."""
        return " ".join(_WORD.findall(self.stem.replace("{i}", " "))) or "block"

    def column(self, number: int, name: str) -> str:
        """The column of one attribute of one block."""
        return f"{self.stem.replace('{i}', str(number))}_{name}"

    def numbers(self, columns: Sequence[str]) -> list[int]:
        """The numbers of the blocks that a table has, ascending.

        Raises:
            ArchflowError: If there is no block, or one lacks a column; the message names the nearest.
        """
        start, end = map(re.escape, self.stem.split("{i}", 1))
        ends = "|".join(map(re.escape, self.names))
        matches = (re.fullmatch(f"{start}([0-9]+){end}_(?:{ends})", column) for column in columns)
        found = sorted({int(each[1]) for each in matches if each})
        for number in found or [0]:
            for name in self.names:
                column = self.column(number, name)
                if column not in columns:
                    there = alternatives(column, columns, listed="columns")
                    raise ArchflowError(f"chain: the table has no column {shown(column)}; {there}")
        return found


def chain_graphs(columns: pa.Table, pattern: ChainPattern) -> ArchitectureSet:
    """The chains that the columns of a table describe.

    Raises:
        ArchflowError: If a column is missing.
    """
    given = TableColumns({}, columns)
    blocks = pattern.numbers(given.names)
    texts = [name for name in pattern.names if any(pattern.column(number, name) not in given for number in blocks)]
    attributes = [name for name in pattern.names if name not in texts]
    operations = [[given.texts(pattern.column(number, name)) for name in texts] for number in blocks]
    values = [[given.number(pattern.column(number, name)) for name in attributes] for number in blocks]
    rows = []
    for row in range(columns.num_rows):
        nodes = []
        for words, numbers in zip(operations, values, strict=True):
            own_words = [word[row] for word in words if word[row]]
            own = [float(number[row]) for number in numbers]
            if own_words or not np.isnan(own).all():
                nodes.append((" ".join(map(str, own_words)) or pattern.operation, own))
        rows.append(_chain(nodes, attributes))
    return ArchitectureSet.from_architectures(rows)


def _chain(nodes: Sequence[tuple[str, list[float]]], attributes: Sequence[str]) -> Architecture:
    ops = ("input", *(operation for operation, _ in nodes), "output")
    edges = tuple((node, node + 1) for node in range(len(ops) - 1))
    ends = [float("nan")]
    by_name = {name: [*ends, *(own[at] for _, own in nodes), *ends] for at, name in enumerate(attributes)}
    return Architecture(ops, edges, by_name)


def column_graphs(columns: pa.Table, names: Sequence[str]) -> tuple[ArchitectureSet, list[str]]:
    """Chains with a node for each of some columns, and each row in words, such as `width=64 activation=relu`.

    Raises:
        ArchflowError: If a column is missing or given twice.
    """
    given = TableColumns({}, columns)
    for name in names:
        if name not in given.names:
            there = alternatives(name, given.names, listed="columns")
            raise ArchflowError(f"chain: the table has no column {shown(name)}; {there}")
        if names.count(name) > 1:
            raise ArchflowError(f"chain: the column {shown(name)} is given twice")
    numbers = {name: given.number(name) for name in names if name in given}
    texts = {name: given.texts(name) for name in names}
    rows, words = [], []
    for row in range(columns.num_rows):
        present = {name: f"{name}={text[row]}" for name, text in texts.items() if text[row]}
        nodes = [
            (
                name if name in numbers else present.get(name, name),
                [numbers[at][row] if at == name else np.nan for at in numbers],
            )
            for name in names
        ]
        rows.append(_chain(nodes, list(numbers)))
        words.append(" ".join(present.values()))
    return ArchitectureSet.from_architectures(rows), words


def table_of_columns(columns: pa.Table, chain: str | None, space: str | None) -> pa.Table:
    """The columns with graphs that are made of them; `native` says in words what the columns of `column_graphs` hold.

    Args:
        columns: A table without graphs.
        chain: Which columns describe a chain: `block{i}: k, e`, or `width, activation`.
        space: In its place the search space of the strings in the column `native`.

    Raises:
        ArchflowError: If both or neither are given, or graphs cannot be made.
    """
    if (chain is None) == (space is None):
        raise ArchflowError("chain and space both say what the graphs are; give one of them")
    if space is not None:
        return with_graphs_of(columns, native_graphs(columns, space))
    names = [name.strip() for name in (chain or "").split(",")]
    if not all(names) or ":" in (chain or "") or "{" in (chain or ""):
        return with_graphs_of(columns, chain_graphs(columns, ChainPattern.parsed(chain or "")))
    architectures, words = column_graphs(columns, names)
    made = with_graphs_of(columns, architectures)
    return made if "native" in made.column_names else made.append_column("native", [words])


def native_graphs(columns: pa.Table, space: str) -> ArchitectureSet:
    """The architectures of the column `native`, strings of a search space.

    Raises:
        ArchflowError: If there is no such space or column, or a string is not of the space; the message names the row.
    """
    known = SPACES.get(space)()
    parsed = []
    for row, text in enumerate(TableColumns({}, columns).texts("native")):
        try:
            parsed.append(known.parse(text or ""))
        except ArchflowError as error:
            raise ArchflowError(f"row {row}: {error}") from None
    return ArchitectureSet.from_architectures(parsed, known.vocabulary)


def with_graphs_of(columns: pa.Table, architectures: ArchitectureSet) -> pa.Table:
    """The columns with these graphs in place of their own."""
    own = [name for name in columns.column_names if name in GRAPH_COLUMNS or name.startswith(PREFIX)]
    columns = columns.drop_columns(own)
    made: dict[str, Any] = to_columns(architectures)
    for name, values in made.items():
        columns = columns.append_column(name, values)
    return columns
