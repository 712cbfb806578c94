import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table, read_table
from tests.strategies import VOCABULARY, sets

ENDINGS = ("parquet", "csv", "jsonl")


@pytest.mark.parametrize("ending", ENDINGS)
@given(some=sets(attributes=True), data=st.data())
def test_a_table_comes_back_as_it_was_written(tmp_path_factory, ending, some, data):
    numbers = st.floats(allow_nan=True, allow_infinity=False, width=32)
    values = np.array(data.draw(st.lists(numbers, min_size=len(some), max_size=len(some))))
    path = tmp_path_factory.mktemp("table") / f"table.{ending}"
    native = [f"cell {row}, a\nb" for row in range(len(some))]
    Table(some, {"accuracy": values}, native).write(path)
    read = read_table(path, VOCABULARY)
    assert list(read.architectures) == list(some)
    assert read.architectures.vocabulary == VOCABULARY
    assert set(read.architectures.attribute_names) == set(some.attribute_names)
    np.testing.assert_array_equal(read.metric("accuracy"), values)
    assert read.native == native
    assert [p.name for p in path.parent.iterdir()] == [path.name]


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8) | st.sampled_from(
    [
        "conv (3, dilated)",
        "max pool)",
        "null",
        "nan",
        "None",
        "none",
        " conv",
        "[x",
        "]",
        "'",
        '"',
        "a\nb",
        "\\",
        "3",
        "True",
    ]
)


@pytest.mark.parametrize("ending", ENDINGS)
@given(names=st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=3))
def test_operations_of_any_name_come_back(tmp_path_factory, ending, names):
    some = ArchitectureSet.from_architectures([Architecture(tuple(ops), ()) for ops in names])
    path = tmp_path_factory.mktemp("names") / f"table.{ending}"
    Table(some, native=["".join(ops) for ops in names]).write(path)
    read = read_table(path)
    assert list(read.architectures) == list(some)
    assert read.native == ["".join(ops) for ops in names]


def test_lists_in_csv_are_read_however_they_are_written(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        "ops,edge_src,edge_dst,accuracy\n"
        '"[a, b]",[0],[1],1\n'
        '"a,b",0,1,\n'
        '"[\'a\', \'b\']","[0]","[1]",3\n'
        '"[""a"", ""b""]",[ 0 ],[ 1 ],4\n'
        '"(\'a\', \'b\')","(0,)","(1,)",5\n'
        "a,,,6\n"
        "[a],[],[],7\n"
    )
    pair, single = Architecture(("a", "b"), ((0, 1),)), Architecture(("a",), ())
    table = read_table(path)
    assert list(table.architectures) == [pair] * 5 + [single] * 2
    np.testing.assert_array_equal(table.metric("accuracy"), [1, np.nan, 3, 4, 5, 6, 7])


def test_attributes_are_lists_of_numbers(tmp_path):
    """Null, an empty text, NaN, and nothing at all: they all say that the attribute does not apply."""
    nan = np.nan
    expected = {"kernel": [nan, 3, nan, nan, nan], "scale": [0.5, -2, nan, 1e-3, nan]}
    csv, jsonl, parquet = (tmp_path / f"table.{ending}" for ending in ("csv", "jsonl", "parquet"))
    csv.write_text(
        "ops,edge_src,edge_dst,node_kernel,node_scale,node_count,node_comment,node_\n"
        '"[a, b, c]",[],[],"[, 3, ]",".5,-2.,nan",3,"good, but slow",1\n'
        '"[a, b]",[],[],,"(1e-3, None)",2,bad,2\n'
    )
    jsonl.write_text(
        '{"ops": ["a", "b", "c"], "edge_src": [], "edge_dst": [], "node_kernel": [null, 3, null],'
        ' "node_scale": ["0.5", "-2", ""]}\n'
        '{"ops": ["a", "b"], "edge_src": [], "edge_dst": [], "node_kernel": null, "node_scale": ["1e-3", "nan"]}\n'
    )
    rows = {"ops": [["a", "b", "c"], ["a", "b"]], "edge_src": [[], []], "edge_dst": [[], []]}
    kernel = pa.array([[None, 3, None], []], pa.large_list(pa.int8()))
    scale = pa.array([[0.5, -2, None], [1e-3, nan]], pa.list_(pa.float64()))
    pa.parquet.write_table(pa.table({**rows, "node_kernel": kernel, "node_scale": scale}), parquet)
    for path in (csv, jsonl, parquet):
        table = read_table(path)
        assert table.architectures.attribute_names == ("kernel", "scale")
        for name, values in expected.items():
            np.testing.assert_array_equal(table.architectures.attribute(name), np.float32(values), err_msg=str(path))
    assert read_table(csv).metrics.keys() == {"node_count", "node_"}


def test_a_table_of_attributes_that_never_apply_keeps_their_names(tmp_path):
    some = ArchitectureSet.from_architectures([Architecture(("a", "b"), ())]).with_attributes(
        [[np.nan]] * 2, ["kernel"]
    )
    for ending in ENDINGS:
        Table(some).write(tmp_path / f"table.{ending}")
        read = read_table(tmp_path / f"table.{ending}").architectures
        assert read.attribute_names == ("kernel",)
        assert np.isnan(read.attribute("kernel")).all()


def test_the_vocabulary_does_not_depend_on_the_order_of_rows(tmp_path):
    cells = [Architecture(("input", "pool"), ()), Architecture(("conv", "output"), ())]
    for name, order in (("a", cells), ("b", cells[::-1])):
        Table(ArchitectureSet.from_architectures(order)).write(tmp_path / f"{name}.jsonl")
    for name in "ab":
        assert read_table(tmp_path / f"{name}.jsonl").architectures.vocabulary.ops == (
            "input",
            "output",
            "conv",
            "pool",
        )
    with pytest.raises(ArchflowError, match=r"a\.jsonl: row 1: unknown operation 'conv'"):
        read_table(tmp_path / "a.jsonl", Vocabulary(("input", "output", "pool")))


def test_selected_rows_keep_their_metrics(architectures):
    values = np.arange(len(architectures), dtype=float)
    table = Table(architectures, {"accuracy": values}, [str(row) for row in range(len(architectures))])
    for rows in ([5, -1, 5], values > 40, []):
        chosen = table.select(rows)
        expected = values[np.asarray(rows, dtype=None if len(rows) else int)]
        assert chosen.metric("accuracy").tolist() == expected.tolist()
        assert chosen.native == [str(int(value)) for value in expected]
        assert list(chosen.architectures) == [architectures[int(value)] for value in expected]


GOOD = {"ops": ["a", "b"], "edge_src": [0], "edge_dst": [1], "node_kernel": [3, 1], "accuracy": 0.5}
BAD_ROWS = [
    ({"edge_dst": [1, 1]}, "row 1: edge_src has 1 entries, edge_dst 2"),
    ({"edge_src": [0, 1], "edge_dst": [1, 0]}, "row 1: the graph has a cycle"),
    ({"edge_dst": [7]}, "row 1: an edge points outside the graph"),
    ({"edge_src": [-1]}, "row 1: an edge points outside the graph"),
    ({"edge_src": [2**32]}, "row 1: an edge points outside the graph"),
    ({"edge_src": [0, 0], "edge_dst": [1, 1]}, "row 1: an edge is given twice"),
    ({"edge_src": [1]}, "row 1: a node has an edge to itself"),
    ({"ops": []}, "row 1: node_kernel has 2 entries, ops 0"),
    ({"ops": [], "node_kernel": []}, "row 1: it has no node"),
    ({"ops": ["a", ""]}, "row 1: ops holds an empty entry"),
    ({"edge_src": [0.5]}, "row 1: edge_src holds '?0.5'?, not a node index"),
    ({"node_kernel": [3]}, "row 1: node_kernel has 1 entries, ops 2; give one per node"),
    ({"node_kernel": [3, 4, 5]}, "row 1: node_kernel has 3 entries, ops 2"),
    ({"node_kernel": [3, 1e40]}, "row 1: attribute 'kernel' is infinite"),
]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("changed", "message"), BAD_ROWS)
def test_a_bad_row_is_refused_by_file_and_row(tmp_path, ending, changed, message):
    path = tmp_path / f"table.{ending}"
    rows = [GOOD, {**GOOD, **changed}]
    if ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif ending == "csv":
        lines = [",".join(f'"{value!s}"' for value in row.values()) for row in rows]
        path.write_text("\n".join([",".join(GOOD), *lines]))
    else:
        pa.parquet.write_table(pa.Table.from_pylist(rows), path)
    refused(path, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"ops": ["a", null], "edge_src": [], "edge_dst": []}', "row 0: ops holds an empty entry"),
        ('{"ops": ["a", "b"], "edge_src": [null], "edge_dst": [1]}', "row 0: edge_src holds an empty entry"),
        ('{"ops": ["a"], "edge_src": [], "edge_dst": null}\n{"ops": ["a"], "edge_src": [], "edge_dst": [0]}',
         "row 0: edge_dst is empty"),
        ('{"ops": ["a", "b"], "edge_src": ["x"], "edge_dst": [1]}', "row 0: edge_src holds 'x', not a node index"),
        ('{"ops": ["a", "b"], "edge_src": [[0]], "edge_dst": [[1]]}', r"row 0: edge_src holds \[0\], not a node index"),
        ('{"ops": [{"name": "a"}], "edge_src": [], "edge_dst": []}', "row 0: ops holds .*, not an operation name"),
        ('{"ops": ["a"], "edge_src": [], "edge_dst": [], "node_k": [[1]]}', r"row 0: node_k holds \[1\], not a number"),
        ('{"ops": ["a"], "edge_src": [], "edge_dst": [], "node_k": ["x"]}', "row 0: node_k holds 'x', not a number"),
        ('{"ops": "a", "edge_src": 0, "edge_dst": 1}', "'edge_src' is int64, not a list"),
        ('{"ops": ["a"], "edge_src": []}', "no column 'edge_dst'; a data set has ops, edge_src, edge_dst"),
        ('{"ops": ["a"], "edge_src": [], "edge_d', "cannot be read as jsonl"),
        ("", "cannot be read as jsonl"),
    ],
)  # fmt: skip
def test_hostile_json_is_refused_by_file(tmp_path, text, message):
    path = tmp_path / "table.jsonl"
    path.write_text(text)
    refused(path, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ops,edge_src,edge_dst\n", "the table is empty"),
        ('ops,edge_src,edge_dst,node_k\n"a,b",0,1,"[1, x]"\n', "row 0: node_k holds 'x', not a number"),
        ('ops,edge_src,edge_dst,node_k\n"a,b",0,1,"[1, 2]"\n"a,b",0,1,nan\n', "row 1: node_k has 1 entries, ops 2"),
        ("", "cannot be read as csv"),
        ("ops,edge_src\na,0\n", "no column 'edge_dst'"),
        ("ops,edge_src,edge_dst,ops\na,,,b\n", "column 'ops' occurs twice"),
        ('ops,edge_src,edge_dst\n"a,,b",0,1\n', "row 0: ops holds an empty entry"),
        ('ops,edge_src,edge_dst\n"a,b",x,1\n', "row 0: edge_src holds 'x', not a node index"),
        ('ops,edge_src,edge_dst\n"a,b",0\n', "cannot be read as csv"),
    ],
)
def test_hostile_csv_is_refused_by_file(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    refused(path, message)


def test_a_file_that_is_no_table_is_refused(tmp_path, architectures):
    whole = tmp_path / "whole.parquet"
    Table(architectures).write(whole)
    for name, content, message in (
        ("cut.parquet", whole.read_bytes()[:-40], "cannot be read as parquet"),
        ("text.parquet", b"hello", "cannot be read as parquet"),
        ("latin.csv", "ops,edge_src,edge_dst\nfaltung-groß,,\n".encode("latin-1"), "cannot be read as csv"),
        (
            "latin.jsonl",
            '{"ops": ["groß"], "edge_src": [], "edge_dst": []}'.encode("latin-1"),
            "cannot be read as jsonl",
        ),
        ("names.csv", "ops,edge_src,edge_dst,größe\na,,,1\n".encode("latin-1"), "cannot be read as csv"),
        ("bytes.jsonl", whole.read_bytes(), "cannot be read as jsonl"),
        ("table.xlsx", b"", r"unknown ending '\.xlsx'; a table is"),
    ):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, message)
    refused(tmp_path / "absent.csv", "no such file")
    refused(tmp_path, "unknown ending")
    with pytest.raises(ArchflowError, match=r"unknown ending '\.xlsx'"):
        Table(architectures).write(tmp_path / "out.xlsx")


def test_a_metric_that_is_not_there_or_holds_text_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("ops,edge_src,edge_dst,accuracy,loss,empty\na,,,91.2,1,\nb,,,failed,2,\n")
    table = read_table(path)
    assert table.metric("loss").tolist() == [1, 2]
    assert table.metric("-loss").tolist() == [-1, -2]
    assert np.isnan(table.metric("empty")).all()
    with pytest.raises(ArchflowError, match="column 'accuracy' is not numeric: row 1 holds 'failed'"):
        table.metric("accuracy")
    with pytest.raises(ArchflowError, match="no column 'speed'; numeric columns: loss, empty"):
        table.metric("speed")


def test_real_tables_survive_every_format(tmp_path, data_folder):
    table = read_table(data_folder / "nasbench201.parquet").select(np.arange(300))
    assert np.isnan(table.metric("zc_jacov")).any()
    for ending in ENDINGS:
        table.write(tmp_path / f"cells.{ending}")
        read = read_table(tmp_path / f"cells.{ending}", table.architectures.vocabulary)
        assert (read.architectures.op == table.architectures.op).all()
        assert (read.architectures.edge_src == table.architectures.edge_src).all()
        assert read.native == table.native
        for name, values in table.metrics.items():
            np.testing.assert_array_equal(read.metrics[name], values, err_msg=f"{ending} {name}")


def refused(path: Path, message: str) -> None:
    """The file is refused in one line that begins with its name."""
    with pytest.raises(ArchflowError, match=message) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ops", "edge_src", "native", "node_kernel"])
def test_a_metric_with_the_name_of_another_column_is_refused(tmp_path, name):
    """It replaced that column without a word."""
    architecture = Architecture(("conv", "conv"), ((0, 1),), {"kernel": (1.0, 3.0)})
    table = Table(ArchitectureSet.from_architectures([architecture]), {name: np.ones(1)})
    with pytest.raises(ArchflowError, match=f"the metric '{name}' has the name of another column"):
        table.write(tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()
