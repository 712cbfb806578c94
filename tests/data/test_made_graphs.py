"""Graphs of columns that describe a chain, and of native strings."""

import pyarrow as pa
import pytest

from archflow.data.made_graphs import (
    ChainPattern,
    chain_graphs,
    column_graphs,
    native_graphs,
    table_of_columns,
    with_graphs_of,
)
from archflow.errors import ArchflowError
from archflow.graph.table import Table


def test_a_pattern_names_the_columns_of_every_block():
    pattern = ChainPattern.parsed("stage{i}_block: k, e")
    assert pattern.column(2, "e") == "stage2_block_e"
    assert pattern.operation == "stage block"
    assert pattern.numbers([f"stage{i}_block_{name}" for i in (10, 2) for name in "ke"]) == [2, 10]
    for wrong in ("block: k", "block{i}", "block{i}: k,,e", "{i}{i}: k", ""):
        with pytest.raises(ArchflowError, match="give the columns as"):
            ChainPattern.parsed(wrong)


def test_blocks_are_nodes_in_order_and_empty_ones_are_left_out():
    columns = pa.table({"b10_k": [3, None], "b9_k": [5, 7], "b10_op": ["mb", None], "b9_op": ["", "conv"]})
    chains = chain_graphs(columns, ChainPattern.parsed("b{i}: k, op"))
    assert [each.ops for each in chains] == [("input", "b", "mb", "output"), ("input", "conv", "output")]
    assert chains[0].edges == ((0, 1), (1, 2), (2, 3))
    assert chains[0].attributes["k"][1:3] == (5, 3)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(ArchflowError, match="no column 'b0_kernel'; did you mean 'b0_kernels'"):
        chain_graphs(pa.table({"b0_kernels": [1]}), ChainPattern.parsed("b{i}: kernel"))


def test_native_strings_of_digits_stay_text_and_other_columns_stay():
    columns = pa.table({"native": ["01201222"], "seconds": [2.5]})
    made = with_graphs_of(columns, native_graphs(columns, "nasbench_macro"))
    table = Table.from_frame(made)
    assert table.native == ["01201222"]
    assert table.metrics["seconds"].tolist() == [2.5]
    with pytest.raises(ArchflowError, match="row 0"):
        native_graphs(pa.table({"native": ["9"]}), "nasbench_macro")
    with pytest.raises(ArchflowError, match="no column 'native'"):
        native_graphs(pa.table({"cell": ["9"]}), "nasbench_macro")


def test_columns_of_the_whole_are_a_node_each():
    columns = pa.table({"width": [64, None], "act": ["relu", None], "y": [1.0, 2.0]})
    architectures, words = column_graphs(columns, ["width", "act"])
    assert [each.ops for each in architectures] == [
        ("input", "width", "act=relu", "output"),
        ("input", "width", "act", "output"),
    ]
    assert architectures.attribute("width")[1] == 64
    assert words == ["width=64 act=relu", ""]
    made = Table.from_frame(table_of_columns(columns, "width, act", None))
    assert made.native == ["width=64 act=relu", ""]
    assert made.column_names == ["width", "act", "y"]
    with pytest.raises(ArchflowError, match="no column 'widht'; did you mean 'width'"):
        table_of_columns(columns, "widht", None)
    with pytest.raises(ArchflowError, match="'act' is given twice"):
        table_of_columns(columns, "act, act", None)
    with pytest.raises(ArchflowError, match="give one of them"):
        table_of_columns(columns, "act", "darts")
