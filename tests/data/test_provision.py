"""How tables come into the cache: downloads, the user's files, imports; a failure never harms what is there."""

import json
import resource
from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from archflow.data import benchmarks
from archflow.data.benchmarks import BENCHMARKS, find, load, locate
from archflow.data.catalogue import Benchmark
from archflow.data.download import download
from archflow.data.provision import get, import_files
from archflow.data.readers import READERS
from archflow.data.verification import verify
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201
from tests.data.served import Server, benchmark, published

SPACE = NASBench201()
CELLS = SPACE.sample(30, np.random.default_rng(0))
NATIVE = [SPACE.format(cell) for cell in CELLS]
CONTENT = "\n".join(NATIVE).encode()
TABLE = Table(CELLS, {"cifar10_test_acc": np.arange(30.0)}, NATIVE)


def read_toy(files: Mapping[str, Path]) -> Table:
    """The reader of the benchmark in these tests: a cell a line."""
    cells = [SPACE.parse(line) for line in files["file.bin"].read_text().splitlines()]
    values = {"cifar10_test_acc": np.arange(float(len(cells)))}
    return Table(ArchitectureSet.from_architectures(cells), values, [SPACE.format(cell) for cell in cells])


@pytest.fixture(scope="module")
def running():
    with published(CONTENT) as server:
        yield server


@pytest.fixture
def server(running: Server, monkeypatch) -> Server:
    running.requests.clear()
    monkeypatch.setitem(READERS, "toy", read_toy)
    monkeypatch.setattr("archflow.data.provision.download", lambda *about: download(*about, timeout=0.1))
    return running


@pytest.fixture
def toy(server: Server, monkeypatch) -> Benchmark:
    made = benchmark(server.file("good"), name="toy")
    monkeypatch.setitem(BENCHMARKS, "toy", made)
    return made


def test_a_download_is_read_once_and_then_kept(server, toy, cache):
    with pytest.raises(ArchflowError, match="toy: not on this machine; `archflow data get toy`"):
        load("toy")
    assert not server.requests, "loading does not download"
    path = get(toy)
    assert path == cache / "toy.parquet" == locate(toy)
    assert load("toy").native == NATIVE
    assert get(toy) == path
    assert len(server.requests) == 1
    assert json.loads((cache / "toy.json").read_text())["made_of"] == {"file.bin": toy.files[0].sha256}
    (cache / "raw" / "toy" / "file.bin").unlink()
    assert len(load("toy")) == 30


def test_again_reads_anew_and_downloads_only_what_is_damaged(server, toy, cache):
    get(toy)
    (cache / "toy.parquet").write_bytes(b"damaged")
    get(toy, again=True)
    assert len(load("toy")) == 30
    assert len(server.requests) == 1
    (cache / "raw" / "toy" / "file.bin").write_bytes(b"damaged")
    get(toy, again=True)
    assert len(server.requests) == 2


@pytest.mark.parametrize("behaviour", ["missing", "wrong", "breaks-off", "slow", "shorter", "longer"])
def test_a_failed_download_leaves_a_good_cache(server, toy, cache, behaviour):
    before = get(toy).read_bytes()
    (cache / "raw" / "toy" / "file.bin").write_bytes(b"damaged")
    with pytest.raises(ArchflowError, match="could not be downloaded"):
        get(benchmark(server.file(behaviour), name="toy"), again=True)
    assert (cache / "toy.parquet").read_bytes() == before
    assert [finding.fault for finding in verify(toy)] == ["", "not the published file (its sha256 differs)"]


def test_a_failed_reading_leaves_a_good_cache(server, toy, cache, monkeypatch):
    before = get(toy).read_bytes()

    def fails(files):
        raise ArchflowError("file.bin: not what it should be")

    monkeypatch.setitem(READERS, "toy", fails)
    with pytest.raises(ArchflowError, match="not what it should be"):
        get(toy, again=True)
    assert (cache / "toy.parquet").read_bytes() == before


def test_a_disk_that_takes_no_more_leaves_a_good_cache(server, toy, cache):
    before = get(toy).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ArchflowError, match=r"toy\.parquet: could not be written .*; nothing was changed"):
            get(toy, again=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (cache / "toy.parquet").read_bytes() == before
    assert sorted(path.name for path in cache.iterdir() if "part" in path.name) == []


def test_two_at_once_download_once(server, cache, monkeypatch):
    made = benchmark(server.file("slow"), name="toy")
    monkeypatch.setattr("archflow.data.provision.download", download)
    threads = [Thread(target=get, args=(made,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1
    assert len(load(cache / "toy.parquet")) == 30


@pytest.mark.parametrize("place", ["file.bin", "toy/file.bin", "raw/whatever/file.bin"])
def test_files_in_the_user_s_folder_are_used_instead_of_the_network(server, toy, own, cache, place):
    (own / place).parent.mkdir(parents=True, exist_ok=True)
    (own / place).write_bytes(CONTENT)
    assert len(load("toy")) == 30
    assert get(toy) == cache / "toy.parquet"
    assert not server.requests
    assert not (cache / "raw").exists()


def test_a_wrong_file_in_the_user_s_folder_is_named(server, toy, own):
    (own / "file.bin").write_bytes(b"something else")
    for use in (lambda: load("toy"), lambda: get(toy)):
        with pytest.raises(ArchflowError, match=r"file\.bin: not the published file\.bin: its sha256 is"):
            use()
    assert not server.requests


def test_the_user_s_table_comes_first(toy, own):
    get(toy)
    TABLE.select(np.arange(5)).write(own / "toy.parquet")
    assert len(load("toy")) == 5
    assert find("toy") == (toy, own / "toy.parquet")


def test_the_licence_is_shown_once(toy, cache, capsys):
    get(toy)
    shown = capsys.readouterr()
    assert "toy: licence: MIT; please cite: Somebody" in shown.err
    assert shown.out == ""
    load("toy")
    get(toy, again=True)
    assert "licence" not in capsys.readouterr().err
    (cache / "licences.json").write_text("damaged")
    load("toy")
    assert "licence" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_does_not_withhold_the_user_s_table(toy, own, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "file" / "cache"))
    TABLE.write(own / "toy.parquet")
    assert len(load("toy")) == 30
    assert "licence: MIT" in capsys.readouterr().err
    with pytest.raises(ArchflowError, match="name another folder in ARCHFLOW_CACHE"):
        get(toy)


def test_what_cannot_be_got_says_so(cache):
    with pytest.raises(ArchflowError, match="part of the package"):
        get(BENCHMARKS["digits201"])
    with pytest.raises(
        ArchflowError, match=r"no address is known.*nasbench301\.parquet.*archflow data import nasbench301"
    ):
        get(BENCHMARKS["nasbench301"])
    with pytest.raises(ArchflowError, match="archflow data import nasbench301 FILE"):
        load("nasbench301")
    with pytest.raises(ArchflowError, match="no data set is called 'nasbench102'"):
        benchmarks.benchmark_of("nasbench102")


# Imports.


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
        "absent.csv": "absent.csv: no such file",
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


def test_the_embedded_benchmark_is_not_replaced(tmp_path, cache):
    with pytest.raises(ArchflowError, match="cannot be replaced"):
        import_files(BENCHMARKS["digits201"], [tmp_path / "x.csv"])


# Verification.


def test_verification_finds_what_has_changed(toy, own, cache):
    assert verify(toy) == []
    get(toy)
    (own / "raw" / "toy").mkdir(parents=True)
    (own / "raw" / "toy" / "file.bin").write_bytes(CONTENT)
    TABLE.write(own / "toy.parquet")
    sound = verify(toy)
    assert [finding.fault for finding in sound] == [""] * 4
    for finding in sound:
        whole = finding.path.read_bytes()
        finding.path.write_bytes(whole[:-9])
        assert [f.path for f in verify(toy) if f.fault] == [finding.path]
        finding.path.write_bytes(whole)
    (cache / "toy.json").write_text("{}")
    assert [f.path for f in verify(toy) if "not a record" in f.fault] == [cache / "toy.parquet"]
