"""Tables, native strings, architectures."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa

import archflow
from archflow.data.joined import joined
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.spaces import SPACES
from tests.fuzz.mutate import ODD_TEXT, Random, chosen, damaged_bytes, damaged_json, odd
from tests.fuzz.surface import Attempt, surface
from tests.tables import scored_cells


def use(path: Path) -> None:
    """Read a table, and all that a verb would look at."""
    table = read_table(path)
    table.architectures.hashes  # noqa: B018 - derived on demand
    for name in list(table.metrics):
        table.metric(name)
    table.write(path.with_name("again.jsonl"))


def _text_table(folder: Path, ending: str) -> Attempt:
    path = folder / f"table{ending}"
    scored_cells(6).write(path)
    content = path.read_bytes()

    def attempt(random: Random) -> None:
        path.write_bytes(damaged_bytes(content, random))
        use(path)

    return attempt


@surface
def csv_table(folder: Path) -> Attempt:
    return _text_table(folder, ".csv")


@surface
def json_lines_table(folder: Path) -> Attempt:
    return _text_table(folder, ".jsonl")


@surface
def parquet_bytes(folder: Path) -> Attempt:
    return _text_table(folder, ".parquet")


@surface
def json_lines_values(folder: Path) -> Attempt:
    """Well-formed lines with odd values."""
    path = folder / "values.jsonl"
    scored_cells(6).write(path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]

    def attempt(random: Random) -> None:
        changed = damaged_json(rows, random)
        lines = changed if isinstance(changed, list) else [changed]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        use(path)

    return attempt


@surface
def parquet_types(folder: Path) -> Attempt:
    """Well-formed columns of odd types."""
    path = folder / "types.parquet"
    scored_cells(6).write(path)
    columns = read_columns(path)
    types = [pa.int64(), pa.uint64(), pa.bool_(), pa.string(), pa.binary(), pa.float16(), pa.date32(), pa.null()]
    types += [pa.timestamp("ns"), pa.decimal128(20, 3), pa.dictionary(pa.int8(), pa.string()), pa.large_string()]
    types += [pa.struct([("a", pa.int64())]), pa.map_(pa.string(), pa.int64())]
    types += [pa.list_(kind) for kind in types[:6]] + [pa.list_(pa.list_(pa.int64())), pa.list_(pa.int64(), 2)]

    def attempt(random: Random) -> None:
        kind, name = chosen(random, types), chosen(random, [*columns.column_names, "more", "node_k"])
        try:
            values = pa.array([odd(random) for _ in range(len(columns))])
            values = values.cast(kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError, UnicodeEncodeError):
            values = pa.nulls(len(columns), kind)
        changed = columns.drop_columns([name]) if name in columns.column_names else columns
        pa.parquet.write_table(changed.append_column(name, values), path)
        use(path)

    return attempt


@surface
def native_strings(folder: Path) -> Attempt:
    """Native strings of every space."""
    spaces = []
    for name in SPACES.names():
        space = SPACES.get(name)()
        cells = space.sample(5, np.random.default_rng(0))
        spaces.append((space, [space.format(cell) for cell in cells]))

    def attempt(random: Random) -> None:
        space, texts = chosen(random, spaces)
        text = damaged_bytes(chosen(random, texts).encode(), random).decode(
            chosen(random, ("utf-8", "latin-1")), "replace"
        )
        architecture = space.parse(text)
        space.parse(space.format(architecture))

    return attempt


@surface
def architectures(folder: Path) -> Attempt:
    """Arguments of `Architecture`."""

    def attempt(random: Random) -> None:
        arguments = [["input", "a", "output"], [(0, 1), (1, 2)], {"k": [1.0, 2.0, 3.0]}]
        changed = damaged_json(arguments, random)
        changed = changed if isinstance(changed, list) else [changed]
        ops, edges, attributes = (*changed, *arguments[len(changed) :])[:3]
        architecture = Architecture(ops, edges, attributes)
        hash(architecture)
        ArchitectureSet.from_architectures([architecture, architecture]).hashes  # noqa: B018

    return attempt


@surface
def sets(folder: Path) -> Attempt:
    """Arguments of `ArchitectureSet`."""
    good = [[0, 1, 2, 0, 1], [0, 3, 5], [0, 1, 0], [1, 2, 1], [0, 2, 3]]

    def attempt(random: Random) -> None:
        changed = damaged_json(good, random)
        changed = changed if isinstance(changed, list) else good
        changed = (*changed, *good[len(changed) :])[:5]
        if random.integers(2):
            changed = [np.array(each) for each in changed if isinstance(each, list) and _flat(each)]
            changed = (*changed, *good[len(changed) :])[:5]
        found = ArchitectureSet(Vocabulary(("a", "b", "c")), *changed)
        found.hashes  # noqa: B018
        found.select(np.array([0]))

    return attempt


def _flat(values: list) -> bool:
    return all(isinstance(value, int | float) and abs(value) < 2**63 for value in values)


@surface
def written_and_read(folder: Path) -> Attempt:
    """Odd operation names survive every format, or are refused when written."""
    letters = [
        "a",
        ",",
        '"',
        "'",
        "[",
        "]",
        "(",
        "\n",
        "\r",
        " ",
        "\\",
        "\t",
        ";",
        "null",
        "nan",
        "1",
        "é",
        "\x1b",
        "|",
    ]

    def attempt(random: Random) -> None:
        names = {"".join(random.choice(letters, int(random.integers(1, 5)))) for _ in range(4)} | {"input"}
        ops = random.choice(sorted(names), 4).tolist()
        cell = Architecture(ops, [(0, 1), (1, 2), (0, 3)])
        table = Table(
            ArchitectureSet.from_architectures([cell] * 2),
            {"y": [1.0, float("nan")]},
            [chosen(random, ODD_TEXT[:9])] * 2,
        )
        path = folder / f"names{chosen(random, ('.csv', '.jsonl', '.parquet'))}"
        table.write(path)
        again = read_table(path)
        assert [list(each.ops) for each in again.architectures] == [list(cell.ops)] * 2, f"{ops} became another list"
        native = table.native or [""] * 2  # a column of nothing but empty texts is no column
        assert (again.native or [""] * 2) == native, f"{native} became {again.native}"

    return attempt


@surface
def tables_in_python(folder: Path) -> Attempt:
    """Metrics of odd types, and what is asked of a table."""
    cells = scored_cells(5)

    def attempt(random: Random) -> None:
        values = damaged_json([1.0, 2.0, 3.0, 4.0, 5.0], random)
        table = Table(cells.architectures, {"y": values}, damaged_json(cells.native, random))
        table.metric(chosen(random, ("y", "-y", "z", "")))
        with contextlib.suppress(IndexError):  # as of a list
            table.select(chosen(random, ([0], [1, 2], [], [7], [-1], [True] * 5, [0.5])))
        joined({"a": table, "b": cells}, [])

    return attempt


@surface
def loaded(folder: Path) -> Attempt:
    """Anything that `archflow.load` may be given."""
    stream = io.BytesIO(b"")

    def attempt(random: Random) -> None:
        archflow.load(chosen(random, (*ODD_TEXT, odd(random), stream, folder, folder / "no.csv")))

    return attempt
