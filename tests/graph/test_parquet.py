"""Parquet files: read as pyarrow reads them, unless they ask for far more memory than they account for."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.parquet import read_parquet
from archflow.memory import ALWAYS
from tests.tables import OLD_PYARROW

LONG = os.urandom(30_000).hex()  # does not compress; as large as the file


def written(path: Path, **columns) -> Path:
    pq.write_table(pa.table(columns), path, compression="zstd")
    return path


def repeated(text: str, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """The array that its file stores as one text and a count."""
    indices = pa.array(np.zeros(count, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([text], kind or pa.string()))


MANY = ALWAYS // len(LONG) + 5_000


MADE = {
    "text": lambda: {"native": repeated(LONG, MANY)},
    "short text": lambda: {"native": repeated("x" * 1000, ALWAYS // 1000 + 5_000)},
    "list": lambda: {"ops": pa.ListArray.from_arrays([0, 0, MANY], repeated(LONG, MANY))},
    "numbers in a list": lambda: {
        "node_size": pa.ListArray.from_arrays([0, 0, ALWAYS // 8 + 1], np.zeros(ALWAYS // 8 + 1))
    },
    "struct": lambda: {"more": pa.StructArray.from_arrays([repeated(LONG, MANY)], ["a"])},
    "bytes": lambda: {"bytes": repeated(LONG, MANY, pa.binary())},
    "numbers": lambda: {"accuracy": np.zeros(ALWAYS // 8 + 1)},
    "nothing": lambda: {"accuracy": pa.nulls(ALWAYS // 4 + 1, pa.int32())},
    "two columns": lambda: {name: repeated(LONG, MANY * 2 // 3) for name in ("a", "b")},
}


@pytest.mark.parametrize("kind", MADE)
def test_a_file_that_repeats_itself_beyond_measure_is_refused_before_it_is_read(tmp_path, kind, monkeypatch):
    path = written(tmp_path / "x.parquet", **MADE[kind]())
    assert path.stat().st_size < ALWAYS / 1000
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(ArchflowError, match=r"x\.parquet: asks for 0\.\d GB of memory with 0\.\d MB on disk") as caught:
        read_columns(path)
    assert "\n" not in str(caught.value)


def test_what_is_large_in_few_rows_is_read(tmp_path):
    """One long text beside many short ones, in columns of every kind."""
    count = MANY // 2
    texts = [LONG, *map(str, range(count - 1))]
    lists = pa.ListArray.from_arrays(np.arange(count + 1, dtype=np.int32), pa.array(texts))
    empty_first = pa.array([[]] * 3000 + [["a", LONG]] + [["b"]] * (count - 3001))
    late = pa.array([None] * 3000 + [LONG] + [None] * (count - 3001))
    path = written(tmp_path / "x.parquet", native=texts, ops=lists, more=empty_first, late=late)
    assert read_parquet(path).equals(pq.read_table(path))


def test_every_type_comes_as_pyarrow_reads_it(tmp_path):
    columns = {
        "map": pa.array([[("a", "x" * 50)], [], None], pa.map_(pa.string(), pa.string())),
        "struct": pa.array([{"t": "y", "n": 1}, None, {"t": None, "n": 2}]),
        "a.b": ["q", "r", None],
        "category": pa.array(["p", "q", "p"]).dictionary_encode(),
        "binary": pa.array([b"\xff", b"", None]),
        "view": pa.array(["zz", "", None], pa.string() if OLD_PYARROW else pa.string_view()),
        "large": pa.array(["zz", "", None], pa.large_string()),
        "none": pa.nulls(3),
        "list": pa.array([[1, None], [], None]),
        "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
        "date": pa.array([0, 1, None], pa.timestamp("us")),
        "true": pa.array([True, None, False]),
    }
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(columns).replace_schema_metadata({"mine": "1"}), path, row_group_size=2)
    read, expected = read_parquet(path), pq.read_table(path)
    assert read.equals(expected)
    assert read.schema.equals(expected.schema, check_metadata=True)
    pq.write_table(pa.table({"a": pa.array([], pa.string())}), path)
    assert len(read_parquet(path)) == 0


@given(st.data())
def test_a_damaged_file_is_refused_in_one_line_or_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    written(path, native=["a", "b", None], ops=[["input"], [], ["x", "y"]], accuracy=[1.0, None, 3.0])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    said = "read"
    try:
        read_columns(path)
    except ArchflowError as error:
        said = str(error)
    assert "\n" not in said


def test_no_real_table_asks_for_too_much(data_folder):
    for path in sorted(data_folder.glob("*.parquet")):
        assert len(read_parquet(path)) == pq.read_metadata(path).num_rows
