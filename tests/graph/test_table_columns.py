"""The columns of a table that are no graphs: numbers when asked for, else untouched."""

import datetime
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.graph.table_columns import TableColumns
from tests.tables import OLD_PYARROW

ENDINGS = ("parquet", "csv", "jsonl")
BIG = 9182736455463728191
ODD = {
    "arch_hash": pa.array([BIG, 1, None]),
    "unsigned": pa.array([2**64 - 1, 1, 2], pa.uint64()),
    "name": pa.array(["first, of 3", "", None]),
    "note": pa.array(["a", "b", "a"], pa.large_string()),
    "kind": pa.array(["low", "high", None]).dictionary_encode(),
    "day": pa.array([datetime.date(2024, 1, 1), None, None]),
    "at": pa.array([1, 2, None], pa.timestamp("ns")),
    "took": pa.array([1, 2, None], pa.duration("ns")),
    "curve": pa.array([[[1.5], []], None, []], pa.list_(pa.list_(pa.float64()))),
    "tags": pa.array([["a", "b, c"], [], None]),
    "fixed": pa.array([[1, 2], [3, 4], [5, 6] if OLD_PYARROW else None], pa.list_(pa.int8(), 2)),
    "about": pa.array([{"a": 1, "b": [True]}, None, {"a": 2, "b": []}]),
    "raw": pa.array([b"\xff\x00", b"a", None]),
}
NUMBERS = {
    "loss": (pa.array([0.25, None, 2.0]), [0.25, np.nan, 2]),
    "price": (pa.array([Decimal("1.25"), None, Decimal("-3.50")]), [1.25, np.nan, -3.5]),
    "half": (pa.array([np.float16(1.5), np.float16(2), None], pa.float16()), [1.5, 2, np.nan]),
    "epochs": (pa.array([3, 200, 3]).dictionary_encode(), [3, 200, 3]),
    "finished": (pa.array([True, False, None]), [1, 0, np.nan]),
    "nothing": (pa.nulls(3), [np.nan] * 3),
}
GRAPHS = {"ops": [["a", "b"]] * 3, "edge_src": [[0]] * 3, "edge_dst": [[1]] * 3}


def parquet(path, **columns):
    pa.parquet.write_table(pa.table(GRAPHS | columns), path)
    return path


@pytest.fixture
def odd(tmp_path) -> Table:
    """A table with columns of every type."""
    return read_table(parquet(tmp_path / "odd.parquet", **ODD, **{name: given for name, (given, _) in NUMBERS.items()}))


def test_numbers_are_numbers_whatever_type_holds_them(odd):
    assert list(odd.metrics) == list(NUMBERS)
    for name, (_, values) in NUMBERS.items():
        np.testing.assert_array_equal(odd.metric(name), values, err_msg=name)
        assert odd.metric(name).dtype == np.float64
    np.testing.assert_array_equal(odd.metric("-loss"), [-0.25, np.nan, -2])


@pytest.mark.parametrize("name", ODD)
def test_a_column_of_anything_else_is_no_metric(odd, name):
    with pytest.raises(ArchflowError, match=rf"^column '{name}'.* row 0 holds ") as caught:
        odd.metric(name)
    assert "\n" not in str(caught.value)
    assert name not in odd.metrics


def test_integers_that_float64_would_round_are_refused_by_row(odd):
    with pytest.raises(ArchflowError, match=f"row 0 holds {BIG}, an integer beyond what float64 holds exactly"):
        odd.metric("arch_hash")


def test_a_column_that_is_not_there_is_named_with_those_that_are(odd):
    with pytest.raises(ArchflowError, match="no column 'speed'; numeric columns: loss, price, half"):
        odd.metric("speed")


def test_all_columns_travel_along(odd, tmp_path):
    """Through selecting, further metrics and every format; Parquet keeps even their types."""
    chosen = odd.select([2, 0]).with_metrics({"predicted": [1, 2], "loss": [7, 8]})
    chosen.write(tmp_path / "out.parquet")
    kept = pa.parquet.read_table(tmp_path / "out.parquet")
    for name, column in ODD.items():
        assert kept[name].combine_chunks().equals(column.take(pa.array([2, 0]))), name
    assert kept["loss"].to_pylist() == [7, 8]
    assert kept["predicted"].to_pylist() == [1, 2]
    for ending in ENDINGS:
        odd.write(tmp_path / f"all.{ending}")
        again = read_table(tmp_path / f"all.{ending}")
        assert set(again.metrics) >= set(NUMBERS)
        for name, (_, values) in NUMBERS.items():
            np.testing.assert_array_equal(again.metric(name), values, err_msg=f"{ending} {name}")
        again.write(tmp_path / "rows.jsonl")
        (first, *_) = map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())
        assert first["arch_hash"] == BIG
        assert first["unsigned"] == 2**64 - 1
        assert first["name"] == "first, of 3"
        assert first["day"] == "2024-01-01"
        assert first["tags"] in (["a", "b, c"], '["a", "b, c"]')


def test_columns_of_a_csv_file_stay_as_they_were_written(tmp_path):
    """Leading zeros, digits of a float and times are the user's; they are numbers only to one who asks."""
    header = "ops,edge_src,edge_dst,native,id,version,day,size,huge,good,gap\n"
    path = tmp_path / "t.csv"
    path.write_text(
        header
        + '"[a, b]",[0],[1],01201222,007,1.10,2024-01-01,91.40,18446744073709551616,true,\n'
        + '"[a, b]",[0],[1],,008,1.20, 2024-01-02,NA,1,false,\n'
    )
    table = read_table(path)
    assert table.native == ["01201222", ""]
    np.testing.assert_array_equal(table.metric("size"), [91.4, np.nan])
    np.testing.assert_array_equal(table.metric("good"), [1, 0])
    assert np.isnan(table.metric("gap")).all()
    assert list(table.metrics) == ["id", "version", "size", "good", "gap"]
    with pytest.raises(ArchflowError, match="'day' is not numeric: row 0 holds '2024-01-01'"):
        table.metric("day")
    with pytest.raises(ArchflowError, match="'huge': row 0 holds 18446744073709551616, an integer beyond"):
        table.metric("huge")
    table.write(tmp_path / "again.csv")
    again = pa.csv.read_csv(
        tmp_path / "again.csv",
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(header.strip().split(","), pa.string())),
    )
    assert again["id"].to_pylist() == ["007", "008"]
    assert again["version"].to_pylist() == ["1.10", "1.20"]
    assert again["size"].to_pylist() == ["91.40", "NA"]
    assert again["day"].to_pylist() == ["2024-01-01", " 2024-01-02"]
    table.write(tmp_path / "again.parquet")
    typed = pa.parquet.read_table(tmp_path / "again.parquet")
    assert typed["id"].to_pylist() == ["007", "008"]
    assert typed["native"].to_pylist() == ["01201222", None]
    assert typed["size"].to_pylist() == [91.4, None]
    assert typed["huge"].to_pylist() == ["18446744073709551616", "1"]
    assert typed["good"].to_pylist() == [True, False]
    np.testing.assert_array_equal(read_table(tmp_path / "again.parquet").metric("size"), [91.4, np.nan])


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised(tmp_path, delimiter):
    path = tmp_path / "t.csv"
    rows = [["ops", "edge_src", "edge_dst", "acc"], ["[a, b, c]", "[0, 1]", "[1, 2]", "3.5"]]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(delimiter.join(row) for row in rows).encode())
    table = read_table(path)
    assert list(table.architectures) == [Architecture(("a", "b", "c"), ((0, 1), (1, 2)))]
    assert table.metric("acc").tolist() == [3.5]


def test_a_table_without_graphs_may_have_other_delimiters(tmp_path):
    (tmp_path / "t.csv").write_text("block0_k;block0_e;acc\n3;6;3.5\n")
    assert read_columns(tmp_path / "t.csv").column_names == ["block0_k", "block0_e", "acc"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_text_that_is_not_utf_8_says_how_to_save_it(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("ops,edge_src,edge_dst,über\n[a],[],[],1\n".encode(encoding))
    with pytest.raises(ArchflowError, match=r"t\.csv: cannot be read as csv .*; save it as UTF-8$"):
        read_table(path)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_row_may_be_larger_than_a_block(tmp_path, ending, monkeypatch):
    monkeypatch.setattr("archflow.graph.columns._BLOCK", 1 << 10)
    count = 3000
    ops = tuple(f"op{i % 7}" for i in range(count))
    chain = Architecture(ops, tuple((i, i + 1) for i in range(count - 1)))
    table = Table(ArchitectureSet.from_architectures([Architecture(("op0",), ()), chain, chain]), {"y": [1, 2, 3]})
    table.write(tmp_path / f"long.{ending}")
    read = read_table(tmp_path / f"long.{ending}")
    assert list(read.architectures) == list(table.architectures)
    assert read.metric("y").tolist() == [1, 2, 3]


def test_json_lines_of_mixed_types_are_read(tmp_path):
    """A column that nobody asks for may hold what it likes; texts that look like times stay texts."""
    path = tmp_path / "t.jsonl"
    rows = [
        {"ops": ["a", "b"], "edge_src": [0], "edge_dst": [1], "x": each, "day": "2024-01-01", "y": 1.5}
        for each in (1, "one", True, {"a": None}, None)
    ]
    path.write_text("\ufeff" + "".join(json.dumps(row) + "\r\n" for row in rows))
    table = read_table(path)
    assert table.metric("y").tolist() == [1.5] * 5
    table.write(tmp_path / "again.jsonl")
    again = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()]
    assert [row["x"] for row in again] == ["1", "one", "true", '{"a": null}', None]
    assert {row["day"] for row in again} == {"2024-01-01"}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_native_strings_may_be_missing(tmp_path, kind):
    native = pa.array(["one", None, ""]).cast(kind)
    table = read_table(parquet(tmp_path / "t.parquet", native=native))
    assert table.native == ["one", "", ""]
    assert [table.called(row) for row in range(3)] == ["one", "a b", "a b"]
    assert read_table(parquet(tmp_path / "t.parquet", native=pa.array([None, "", None]).cast(kind))).native is None


@pytest.mark.parametrize("native", [pa.array([1, 2, 3]), pa.array([b"a", b"\xff", b"b"]), pa.array([["a"]] * 3)])
def test_native_strings_are_text(tmp_path, native):
    with pytest.raises(ArchflowError, match=r"column 'native' is .*, not text"):
        read_table(parquet(tmp_path / "t.parquet", native=native))


def test_text_that_is_not_utf8_is_refused_in_one_line(tmp_path):
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"b"]).buffers())
    for name in ("native", "name"):
        with pytest.raises(ArchflowError, match=rf"t\.parquet: .*column '{name}'.*") as caught:
            read_table(parquet(tmp_path / "t.parquet", **{name: broken}))
        assert "\n" not in str(caught.value)


class LabelledByIndex:
    """What a pandas Series is: an array by `__array__`, but a label's value by `[]`."""

    def __init__(self, values, index):
        self._values, self._index = np.asarray(values), list(index)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype)

    def __len__(self):
        return len(self._values)

    def __iter__(self):
        return iter(self._values)

    def __getitem__(self, label):
        return self._values[self._index.index(label)]


def three() -> ArchitectureSet:
    return ArchitectureSet.from_architectures([Architecture((op,), ()) for op in "abc"])


def test_columns_are_taken_by_position_whatever_index_they_have(tmp_path):
    sorted_frame = LabelledByIndex([3.0, 2.0, 1.0], [2, 1, 0])
    table = Table(three(), {"y": sorted_frame}, LabelledByIndex(["x", "y", "z"], [2, 1, 0]))
    assert table.select([0, 2]).metric("y").tolist() == [3, 1]
    assert table.select([0, 2]).native == ["x", "z"]
    table.write(tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv").metric("y").tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ((True, False, None), [1, 0, np.nan]),
        (np.array([1, 2, 3], np.uint8), [1, 2, 3]),
        (np.ma.masked_equal([1, 2, 3], 2), [1, np.nan, 3]),
        (range(3), [0, 1, 2]),
        ([Decimal("1.5"), 2, np.float32(0.5)], [1.5, 2, 0.5]),
    ],
)
def test_whatever_holds_numbers_is_a_column(given, expected):
    column = Table(three(), {"y": given}).metric("y")
    np.testing.assert_array_equal(column, expected)
    assert column.dtype == np.float64


@pytest.mark.parametrize(
    "given", [[1, 2], [[1], [2], [3]], ["1", "2", "3"], ["a", 1, 2], 5, None, [1, [2], 3], [1j, 2, 3], [2**2000, 1, 1]]
)
def test_what_is_no_column_of_numbers_is_refused(given):
    with pytest.raises(ArchflowError, match="metric 'y': "):
        Table(three(), {"y": given})


def test_native_strings_are_one_text_each():
    for given in (["a", "b"], ["a", 1, "c"], 5):
        with pytest.raises(ArchflowError, match="native: "):
            Table(three(), native=given)
    assert Table(three(), native=("a", None, float("nan"))).native == ["a", "", ""]


@pytest.mark.parametrize("line", ["null", "[1]", "3", '"text"'])
def test_a_line_that_is_no_object_is_refused_by_its_number(tmp_path, line):
    path = tmp_path / "t.jsonl"
    row = '{"ops": ["a"], "edge_src": [], "edge_dst": []}'
    for lines in ([line, row], [row, line]):
        path.write_text("\n".join(lines) + "\n")
        with pytest.raises(ArchflowError, match=rf"t\.jsonl: .*line {lines.index(line) + 1} is not an object"):
            read_table(path)


def test_masked_integers_are_written_as_whole_numbers():
    ranks = np.ma.array([2, 0, 1], mask=[False, True, False])
    columns = TableColumns({"cost": np.array([1.0, 2.0, 3.0])}).with_numbers({"rank": ranks, "float": [1, 2, 3]}, 3)
    np.testing.assert_array_equal(columns["rank"], [2.0, np.nan, 1.0])
    for some in (columns, columns.with_texts({"note": ["a", "b", "c"]}, 3), columns.without(["cost"])):
        written = some.take(np.array([0, 1])).added_to(pa.table({"row": [0, 1]}))
        assert written["rank"].to_pylist() == [2, None]
        assert (written.schema.field("rank").type, written.schema.field("float").type) == (pa.int64(), pa.float64())
    halves = columns.with_numbers({"rank": [0.5, 1.5, 2.5]}, 3).added_to(pa.table({"row": [0, 1, 2]}))
    assert halves["rank"].to_pylist() == [0.5, 1.5, 2.5]
