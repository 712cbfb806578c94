"""Files that the user imports take the place of the download; what is no such data harms nothing."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from archflow.data.benchmarks import BENCHMARKS, find, load
from archflow.data.provision import get, import_files
from archflow.errors import ArchflowError
from tests.data.served import Server, benchmark
from tests.data.toy import CELLS, CONTENT, NATIVE, TABLE


def test_published_files_take_the_place_of_the_download(server, toy, cache, tmp_path):
    (tmp_path / "renamed").write_bytes(CONTENT)
    assert import_files(toy, [tmp_path / "renamed"]) == cache / "toy.parquet"
    assert len(load("toy")) == 30
    assert get(toy, again=True) == cache / "toy.parquet"
    assert not server.requests


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_table_takes_the_place_of_the_download(toy, cache, tmp_path, ending):
    get(toy)
    TABLE.select(np.arange(7)).write(tmp_path / f"mine.{ending}")
    import_files(toy, [tmp_path / f"mine.{ending}"])
    assert load("toy").native == NATIVE[:7]
    assert json.loads((cache / "toy.json").read_text())["how"] == "imported"


def test_a_table_of_native_strings_gets_its_graphs(toy, own, cache, tmp_path):
    lines = "".join(f'"{text}",{i}\n' for i, text in enumerate(NATIVE))
    (tmp_path / "mine.csv").write_text("native,cifar10_test_acc\n" + lines)
    import_files(toy, [tmp_path / "mine.csv"])
    read = load("toy")
    assert np.array_equal(read.architectures.hashes, CELLS.hashes)
    assert read.metric("cifar10_test_acc").tolist() == list(range(30))
    # The same without an import, from the user's folder; made once.
    import pyarrow.csv
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.csv.read_csv(tmp_path / "mine.csv"), own / "toy.parquet")
    made = find("toy")[1]
    assert made.parent == cache / "converted"
    stamp = made.stat().st_mtime_ns
    assert np.array_equal(load("toy").architectures.hashes, CELLS.hashes)
    assert np.array_equal(load(own / "toy.parquet").architectures.hashes, CELLS.hashes)
    assert made.stat().st_mtime_ns == stamp


def cases(folder: Path) -> dict[str, tuple[list[Path], str]]:
    """Files to import and what is wrong with them."""
    native = NATIVE[0].replace("~0|+|", "~0|x|", 1)
    contents = {
        "file.bin": "something else",
        "notes.txt": "no benchmark",
        "no_graphs.csv": "cifar10_test_acc\n1.5\n",
        "no_metric.csv": f'native\n"{NATIVE[0]}"\n',
        "text.csv": f'native,cifar10_test_acc\n"{NATIVE[0]}",high\n',
        "typo.csv": f'native,cifar10_test_acc\n"{NATIVE[0]}",1\n"{native}",2\n',
        "half.csv": "ops,cifar10_test_acc\n[input],1\n",
        "x.tfrecord": "",
        "x.parquet": "no parquet",
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
    reasons = {
        "file.bin": "not the published file.bin: its sha256 is",
        "notes.txt": "none of the published files of toy (file.bin, other.bin)",
        "no_graphs.csv": "no column 'ops'",
        "no_metric.csv": "not a table of toy: the table has no column 'cifar10_test_acc'",
        "text.csv": "not a table of toy: column 'cifar10_test_acc' is not numeric: row 0 holds 'high'",
        "typo.csv": f"row 1: cell '{native}': expected '~0|+|' at character {native.index('~0|x|') + 1}",
        "half.csv": "no column 'edge_src'",
        "x.tfrecord": "none of the published files of toy",
        "x.parquet": "cannot be read as parquet",
        "absent.bin": "absent.bin: cannot be read (No such file or directory)",
        "absent.csv": "absent.csv: cannot be read (No such file or directory)",
    }
    return {name: ([folder / name], reason) for name, reason in reasons.items()} | {
        "two tables": ([folder / "no_metric.csv", folder / "text.csv"], "import one table at a time"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "file.bin",
        "notes.txt",
        "no_graphs.csv",
        "no_metric.csv",
        "text.csv",
        "typo.csv",
        "half.csv",
        "x.tfrecord",
        "x.parquet",
        "absent.bin",
        "absent.csv",
        "two tables",
    ],
)
def test_what_is_no_such_data_is_refused_and_harms_nothing(server, toy, cache, tmp_path, name):
    before = get(toy).read_bytes()
    other = Server(server.port, b"other").file("good", name="other.bin")
    files, reason = cases(tmp_path)[name]
    with pytest.raises(ArchflowError) as caught:
        import_files(benchmark(*toy.files, other, name="toy"), files)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (cache / "toy.parquet").read_bytes() == before


def test_all_published_files_are_needed(server, toy, cache, tmp_path):
    other = Server(server.port, b"other").file("good", name="other.bin")
    both = benchmark(*toy.files, other, name="toy")
    (tmp_path / "file.bin").write_bytes(CONTENT)
    with pytest.raises(ArchflowError, match=r"toy: also needed: other\.bin"):
        import_files(both, [tmp_path / "file.bin"])
    assert not (cache / "raw").exists()
    (tmp_path / "other.bin").write_bytes(b"other")
    import_files(both, [tmp_path / "file.bin", tmp_path / "other.bin"])
    assert len(load("toy")) == 30


@pytest.mark.parametrize("name", ["pipe", "file.bin", "pipe.tfrecord", "pipe.parquet", "pipe.csv", "pipe.jsonl"])
def test_a_pipe_or_a_device_is_refused_unopened(toy, cache, tmp_path, name):
    """Opening a pipe that nobody writes to, or reading /dev/zero, would never end."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(ArchflowError, match="is a pipe or a device, not a file"):
        import_files(toy, [tmp_path / name])
    with pytest.raises(ArchflowError, match="is a pipe or a device, not a file"):
        import_files(toy, [Path("/dev/zero")])
    with pytest.raises(ArchflowError, match="is a pipe or a device, not a file"):
        import_files(BENCHMARKS["nasbench101"], [tmp_path / name])


def test_a_pipe_in_the_user_s_folder_is_refused_unopened(toy, own):
    os.mkfifo(own / "file.bin")
    for use in (lambda: load("toy"), lambda: get(toy)):
        with pytest.raises(ArchflowError, match=r"file\.bin: is a pipe or a device"):
            use()


def test_the_embedded_benchmark_is_not_replaced(tmp_path, cache):
    with pytest.raises(ArchflowError, match="cannot be replaced"):
        import_files(BENCHMARKS["digits201"], [tmp_path / "x.csv"])
