"""Downloads against a real server: whole, or not at all and one line that says why."""

import os
import subprocess
import sys
import time
from functools import partial

import pytest

from archflow.data.catalogue import RawFile
from archflow.data.download import download
from archflow.errors import ArchflowError
from tests.data.served import Server, published

CONTENT = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def running():
    with published(CONTENT) as server:
        yield server


@pytest.fixture
def server(running) -> Server:
    running.requests.clear()
    return running


fetch = partial(download, timeout=0.1, pause=0.001)


def parts(folder) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def refused(file: RawFile, target, **options) -> str:
    """The error of a download that fails; the file that was there stays."""
    target.write_bytes(b"old")
    with pytest.raises(ArchflowError) as caught:
        fetch(file, target, **options)
    assert target.read_bytes() == b"old"
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "behaviour",
    ["good", "ignores-range", "breaks-off", "breaks-off-ignores-range", "busy-first", "stalls-first", "away"],
)
def test_the_file_comes_whole(server, tmp_path, behaviour):
    target, steps = tmp_path / "cache" / "file.bin", []
    fetch(server.file(behaviour), target, steps.append)
    assert target.read_bytes() == CONTENT
    assert sum(steps) == len(CONTENT), "the progress bar ends full, whatever was dropped on the way"
    assert not parts(target.parent)


def test_it_goes_on_where_it_broke_off(server, tmp_path):
    fetch(server.file("breaks-off"), tmp_path / "file.bin")
    third = len(CONTENT) // 3
    assert [asked for _, asked in server.requests] == [
        None,
        f"bytes={third}-",
        f"bytes={2 * third}-",
        f"bytes={3 * third}-",
    ]


def test_another_run_goes_on(server, tmp_path):
    target = tmp_path / "file.bin"
    refused(server.file("breaks-off"), target, attempts=2)
    assert parts(tmp_path) == [".file.bin.part"]
    server.requests.clear()
    fetch(server.file("missing", "good"), target)
    assert target.read_bytes() == CONTENT
    assert server.requests == [
        ("missing", f"bytes={len(CONTENT) // 3 * 2}-"),
        ("good", f"bytes={len(CONTENT) // 3 * 2}-"),
    ]


def test_a_whole_part_needs_no_server(tmp_path):
    with published(CONTENT) as server:
        file = server.file("good")
    (tmp_path / ".file.bin.part").write_bytes(CONTENT)
    fetch(file, tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", ["good", "ignores-range", "other-range"])
@pytest.mark.parametrize("old", [b"something else", CONTENT[:1000], CONTENT + b"x", bytes(len(CONTENT))])
def test_whatever_part_lies_there_the_file_is_right(server, tmp_path, old, behaviour):
    (tmp_path / ".file.bin.part").write_bytes(old)
    steps = []
    fetch(server.file(behaviour), tmp_path / "file.bin", steps.append)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert sum(steps) == len(CONTENT)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("missing", "404 Not Found"),
        ("wrong", "wrong content (sha256 differs)"),
        ("longer", f"wrong content (more than {len(CONTENT):,} bytes)"),
        ("shorter", "its file is no longer than the part that was here"),
        ("breaks-off-always", "it broke off after 0 of"),
        ("slow", "no answer in time (4 attempts)"),
        ("off-the-net", "302"),
        ("no-http", "no connection (what?"),
    ],
)
def test_every_failure_is_one_line_and_the_next_mirror_helps(server, tmp_path, behaviour, reason):
    message = refused(server.file(behaviour), tmp_path / "file.bin")
    assert message.startswith("file.bin: could not be downloaded (127.0.0.1:")
    assert reason in message
    assert "put the file into the folder ARCHFLOW_DATA" in message
    fetch(server.file(behaviour, "good"), tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_wrong_content_is_not_kept_and_not_asked_for_twice(server, tmp_path):
    refused(server.file("wrong", "longer", "missing"), tmp_path / "file.bin")
    assert [behaviour for behaviour, _ in server.requests] == ["wrong", "longer", "missing"]
    assert not parts(tmp_path)


def test_no_network_is_said_at_once(tmp_path):
    with published(CONTENT) as server:
        file = server.file("good")
    began = time.perf_counter()
    message = refused(file, tmp_path / "file.bin", pause=10.0)
    assert "no connection (Connection refused)" in message
    nowhere = RawFile("file.bin", ("http://archflow.invalid/file.bin", "no address"), file.sha256, file.size)
    assert "no connection" in refused(nowhere, tmp_path / "file.bin", pause=10.0)
    assert time.perf_counter() - began < 5


def test_pauses_grow(server, tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr("archflow.data.download.time.sleep", slept.append)
    refused(server.file("breaks-off-always"), tmp_path / "file.bin", pause=1.0)
    assert slept == [1.0, 2.0, 4.0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full to write to")
def test_a_full_disk_is_said_to_be_full(server, tmp_path):
    (tmp_path / ".file.bin.part").symlink_to("/dev/full")
    message = refused(server.file("good"), tmp_path / "file.bin")
    assert "No space left on device" in message
    assert "free some space" in message
    assert [behaviour for behaviour, _ in server.requests] == ["good"], "another attempt would not help"


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ArchflowError, match=r"cannot be written.*ARCHFLOW_CACHE"):
        fetch(server.file("good"), tmp_path / "file" / "file.bin")


def test_a_killed_download_leaves_the_old_file_and_a_part(server, tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    file = server.file("stalls-first", "slow")
    script = (
        "from pathlib import Path; from archflow.data.catalogue import RawFile; "
        "from archflow.data.download import download; "
        f"download({file!r}, Path({str(target)!r}), lambda count: print(count, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        while process.stdout.readline().strip() == "0":
            pass  # the first bytes are there
        process.kill()
        process.wait()
    assert target.read_bytes() == b"old"
    assert (tmp_path / ".file.bin.part").stat().st_size == 500
    fetch(server.file("good"), target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == ("good", "bytes=500-")
