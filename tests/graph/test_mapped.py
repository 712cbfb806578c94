"""Tables that stay on disk: what is read is what a table in memory holds, and the cache is whole or not there."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import array_folder, mapped, parquet, streamed
from archflow.graph.table import Table, read_table
from archflow.testing import random_architectures
from tests.strategies import sets
from tests.tables import scored_cells


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mapped"


def digest_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    architectures = draw(sets(max_size=9, attributes=True))
    rows = len(architectures)
    gaps = st.one_of(st.none(), st.text(max_size=3))
    native = draw(st.one_of(st.none(), st.lists(gaps, min_size=rows, max_size=rows)))
    values = draw(st.lists(st.floats(allow_infinity=False), min_size=rows, max_size=rows))
    words = draw(st.lists(gaps, min_size=rows, max_size=rows))
    return Table(architectures, {"accuracy": np.array(values)}, native).with_texts({"word": words})


@given(tables(), st.integers(1, 4), st.integers(1, 3), st.integers(1, 30), st.booleans())
def test_a_mapped_table_is_the_table_in_memory(tmp_path_factory, table, group, rows, most, numbers):
    folder = tmp_path_factory.mktemp("mapped")
    path = folder / "x.parquet"
    pq.write_table(table.to_arrow(), path, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHFLOW_CACHE", str(folder / "cache"))
        patch.setattr(parquet, "MOST_ROWS", rows)
        patch.setattr(streamed, "LOADED", most)
        expected = read_table(path, numbers_in_names=numbers)
        found = read_table(path, numbers_in_names=numbers, mapped=True)
        for name, values in expected.architectures.columns.items():
            np.testing.assert_array_equal(found.architectures.columns[name], values, err_msg=name)
        assert found.column_names == expected.column_names
        np.testing.assert_array_equal(found.metric("accuracy"), expected.metric("accuracy"))
        assert found.texts("word") == expected.texts("word")
        assert (found.native, len(found)) == (expected.native, len(expected))
        for ending in ("parquet", "csv", "jsonl"):
            one, other = folder / f"one.{ending}", folder / f"other.{ending}"
            expected.write(one)
            read_table(path, numbers_in_names=numbers, mapped=True).write(other)
            assert read_table(one).to_arrow().equals(read_table(other).to_arrow())


def test_what_says_what_a_text_column_holds_may_come_late(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(parquet, "MOST_ROWS", 2)
    rows = {"ops": [["a", "b"]] * 5, "edge_src": [[0]] * 5, "edge_dst": [[1]] * 5}
    rows |= {"node_k": [None, "", " ", None, "[1, 2]"], "node_word": [None, "", None, "[word", ""]}
    rows |= {"native": pa.array(["x", None, "x", "y", ""]).dictionary_encode(), "more": pa.array([1, None, 2, 3, 4])}
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(rows), path)
    expected, found = read_table(path), read_table(path, mapped=True)
    assert found.architectures.attribute_names == ("k",)
    np.testing.assert_array_equal(found.architectures.attributes, expected.architectures.attributes)
    assert found.native == expected.native
    assert found.to_arrow().equals(expected.to_arrow())


def test_large_tables_are_mapped_by_themselves(tmp_path, cache, monkeypatch):
    table = scored_cells(300)
    table.write(tmp_path / "x.parquet")
    table.write(tmp_path / "x.csv")
    assert not isinstance(read_table(tmp_path / "x.parquet").architectures, streamed.StreamedSet)
    monkeypatch.setattr(mapped, "available", lambda: 100_000)
    assert isinstance(read_table(tmp_path / "x.parquet").architectures, streamed.StreamedSet)
    assert not isinstance(read_table(tmp_path / "x.parquet", mapped=False).architectures, streamed.StreamedSet)
    assert not isinstance(read_table(tmp_path / "x.csv").architectures, streamed.StreamedSet)
    with pytest.raises(ArchflowError, match=r"x\.csv: only a \.parquet file can be mapped"):
        read_table(tmp_path / "x.csv", mapped=True)
    with pytest.raises(ArchflowError, match=r"y\.parquet: no such file"):
        read_table(tmp_path / "y.parquet", mapped=True)


def test_the_cache_is_used_until_the_file_changes_or_it_is_damaged(tmp_path, cache, monkeypatch):
    made = []
    write = mapped.written
    monkeypatch.setattr(mapped, "written", lambda *given: made.append(given) or write(*given))
    path = tmp_path / "x.parquet"
    scored_cells(20).write(path)
    old = read_table(path, mapped=True)
    read_table(path, mapped=True)
    assert len(made) == 1
    scored_cells(21).write(path)
    assert len(read_table(path, mapped=True)) == 21
    assert len(made) == 2
    assert old.architectures[19] == scored_cells(20).architectures[19], "a table that is open keeps its arrays"
    (folder,) = cache.iterdir()
    for name in ("op", "edge_ptr", "columns.arrow", "about.json"):
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
        assert read_table(path, mapped=True).native == scored_cells(21).native
    (folder / "edge_src").unlink()
    assert len(read_table(path, mapped=True)) == 21
    assert len(made) == 7
    os.utime(path, ns=(1, 1))
    read_table(path, mapped=True)
    assert len(made) == 8


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(tmp_path, cache, monkeypatch):
    path = tmp_path / "x.parquet"
    scored_cells(20).write(path)
    count = [0]

    def append(file, values):
        count[0] += 1
        if count[0] > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(values.tobytes())

    monkeypatch.setattr(array_folder, "_append", append)
    with pytest.raises(ArchflowError, match=r"mapped: could not be written \(No space left on device\); free some"):
        read_table(path, mapped=True)
    assert list(cache.iterdir()) == []
    monkeypatch.undo()


def test_a_kill_leaves_nothing_half_made_and_others_wait(tmp_path, cache):
    path = tmp_path / "x.parquet"
    scored_cells(50).write(path)
    script = f"""
import os, signal, sys, time
from archflow.graph import array_folder, parquet
from archflow.graph.table import read_table
parquet.MOST_ROWS = 10
append, count = array_folder._append, [0]
def slow(file, values):
    count[0] += 1
    append(file, values)
    if count[0] == 9:
        print("half", flush=True)
        time.sleep(60)
array_folder._append = slow
read_table({str(path)!r}, mapped=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    code = f"from archflow import read_table; print(len(read_table({str(path)!r}, mapped=True)))"
    waiting = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    (part,) = cache.iterdir()
    assert part.name.startswith(".archflow-")
    assert waiting.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert waiting.communicate(timeout=60)[0] == b"50\n"
    assert [folder.name[:2] for folder in cache.iterdir()] == ["x-"], "what was half made is gone"
    assert read_table(path, mapped=True).native == scored_cells(50).native


WRONG = {
    "row 4: a node has an edge to itself": {"edge_src": [[0]] * 4 + [[1]]},
    "row 3: edge_src has 1 entries, edge_dst 2": {"edge_dst": [[1]] * 3 + [[1, 0], [1]]},
    "row 4: node_k has 1 entries, ops 2": {"node_k": [[1, 2]] * 4 + [[1]]},
    "no column 'ops'": {"ops": None},
    "row 2: ops is empty": {"ops": [["a", "b"], ["a", "b"], None, ["a", "b"], ["a", "b"]]},
    "column 'native' is int64, not text": {"native": [1, 2, 3, 4, 5]},
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_is_said_as_for_a_table_in_memory(tmp_path, cache, monkeypatch, said):
    monkeypatch.setattr(parquet, "MOST_ROWS", 2)
    columns = {"ops": [["a", "b"]] * 5, "edge_src": [[0]] * 5, "edge_dst": [[1]] * 5} | WRONG[said]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({name: values for name, values in columns.items() if values is not None}), path)
    errors = []
    for each in (False, True):
        with pytest.raises(ArchflowError) as caught:
            read_table(path, mapped=each)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    assert said in errors[0]
    assert not list(cache.iterdir()), "nothing half-made"


def test_what_cannot_be_mapped_is_said_in_one_line(tmp_path, cache, monkeypatch):
    path = tmp_path / "x.parquet"
    scored_cells(20).write(path)
    assert len(read_table(path, mapped=True)) == 20

    def fail(*_):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(np, "memmap", fail)
    with pytest.raises(ArchflowError, match=r"cannot be mapped into memory \(Cannot allocate memory\); allow"):
        read_table(path, mapped=True)


def test_empty_and_damaged_files_are_refused(tmp_path, cache):
    path = tmp_path / "x.parquet"
    pq.write_table(scored_cells(2).to_arrow()[:0], path)
    with pytest.raises(ArchflowError, match=r"x\.parquet: the table is empty"):
        read_table(path, mapped=True)
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(ArchflowError, match=r"x\.parquet: cannot be read as parquet"):
        read_table(path, mapped=True)


def test_a_file_that_asks_for_too_much_is_refused_before_it_is_read(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("read"))
    path = tmp_path / "x.parquet"
    zeros = pa.ListArray.from_arrays([0, 0, 30_000_000], np.zeros(30_000_000))
    pq.write_table(pa.table({"node_size": zeros}), path, compression="zstd")
    with pytest.raises(ArchflowError, match=r"x\.parquet: asks for 0\.\d GB of memory with 0\.\d MB on disk"):
        read_table(path, mapped=True)
    random_table = Table(random_architectures(2000, 0))
    random_table.write(path)
    monkeypatch.setattr(parquet, "available", lambda: 100_000)
    with pytest.raises(ArchflowError, match=r"one of its row groups takes .* write it with smaller ones"):
        read_table(path, mapped=True)


@given(st.data())
def test_a_damaged_file_is_refused_in_one_line_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("mapped")
    path = folder / "x.parquet"
    scored_cells(3).write(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    said = "read"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHFLOW_CACHE", str(folder / "cache"))
        try:
            read_table(path, mapped=True)
        except ArchflowError as error:
            said = str(error)
    assert "\n" not in said
