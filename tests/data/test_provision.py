"""How tables come into the cache: downloads and the user's files; a failure never harms what is there."""

import json
import resource
from threading import Thread

import numpy as np
import pytest

from archflow.data import benchmarks
from archflow.data.benchmarks import BENCHMARKS, find, load, locate
from archflow.data.download import download
from archflow.data.provision import get
from archflow.data.readers import READERS
from archflow.data.verification import verify
from archflow.errors import ArchflowError
from tests.data.served import benchmark
from tests.data.toy import CONTENT, NATIVE, TABLE


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
