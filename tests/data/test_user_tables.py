import numpy as np
import pytest

from archflow.data.user_tables import read_user_table, with_graphs
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from tests.data.served import benchmark
from tests.data.toy import CELLS, NATIVE, TABLE

TOY = benchmark(name="toy")


def test_a_table_with_graphs_is_taken_as_it_is(cache, tmp_path):
    TABLE.write(tmp_path / "t.parquet")
    assert with_graphs(TOY, tmp_path / "t.parquet") == tmp_path / "t.parquet"
    assert not cache.exists()


def test_graphs_are_made_of_native_strings_once(cache, tmp_path):
    lines = "".join(f'"{text}",{i}\n' for i, text in enumerate(NATIVE))
    (tmp_path / "t.csv").write_text("native,cifar10_test_acc\n" + lines)
    made = with_graphs(TOY, tmp_path / "t.csv")
    assert made.parent == cache / "converted"
    stamp = made.stat().st_mtime_ns
    assert np.array_equal(read_user_table(TOY, tmp_path / "t.csv").architectures.hashes, CELLS.hashes)
    assert with_graphs(TOY, tmp_path / "t.csv").stat().st_mtime_ns == stamp


def test_a_string_of_no_cell_is_named_by_its_row(cache, tmp_path):
    (tmp_path / "t.csv").write_text(f'native,cifar10_test_acc\n"{NATIVE[0]}",1\n"typo",2\n')
    with pytest.raises(ArchflowError, match=r"t\.csv: row 1: cell 'typo'"):
        with_graphs(TOY, tmp_path / "t.csv")


def test_a_table_without_the_metric_is_refused(cache, tmp_path):
    Table(CELLS, {"other": np.arange(30.0)}).write(tmp_path / "t.parquet")
    with pytest.raises(ArchflowError, match="not a table of toy: the table has no column 'cifar10_test_acc'"):
        read_user_table(TOY, tmp_path / "t.parquet")
