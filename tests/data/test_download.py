"""Downloads against a real server: whole, or not at all and one line that says why."""

import os
import subprocess
import sys
import threading
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


fetch = partial(download, timeout=0.1)


def refused(file: RawFile, target, **options) -> str:
    """The error of a download that fails; the file that was there stays, and nothing beside it."""
    target.write_bytes(b"old")
    with pytest.raises(ArchflowError) as caught:
        fetch(file, target, **options)
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("behaviour", ["good", "away"])
def test_the_file_comes_whole(server, tmp_path, behaviour):
    target, steps = tmp_path / "cache" / "file.bin", []
    fetch(server.file(behaviour), target, steps.append)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]
    assert sum(steps) == len(CONTENT)
    (tmp_path / "ordinary").touch()
    assert target.stat().st_mode == (tmp_path / "ordinary").stat().st_mode, "not for this user alone"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("missing", "404 Client Error: Not Found"),
        ("busy", "503 Server Error: Service Unavailable"),
        ("wrong", "wrong content (sha256 differs)"),
        ("longer", f"wrong content (more than {len(CONTENT):,} bytes)"),
        ("endless", f"wrong content (more than {len(CONTENT):,} bytes)"),
        ("shorter", "wrong content (sha256 differs)"),
        ("breaks-off", f"IncompleteRead({len(CONTENT) // 3} bytes read"),
        ("odd-length", "integer"),
        ("packed", "incorrect header check"),
        ("slow", "no answer in time"),
        ("stalls", "no answer in time"),
        ("in-circles", "30 redirects"),
        ("off-the-net", "No connection adapters were found for 'file:///etc/hostname'"),
        ("no-http", "what?"),
    ],
)
def test_every_failure_is_one_line_and_the_next_mirror_helps(server, tmp_path, behaviour, reason):
    message = refused(server.file(behaviour), tmp_path / "file.bin")
    assert message.startswith("file.bin: could not be downloaded (127.0.0.1:")
    assert reason in message
    assert len(message) < 350
    assert "put the file into the folder ARCHFLOW_DATA" in message
    steps = []
    fetch(server.file(behaviour, "good"), tmp_path / "file.bin", steps.append)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert sum(steps) == len(CONTENT), "the progress bar ends full, whatever was dropped on the way"


@pytest.mark.parametrize("behaviour", ["drips", "drips-headers"])
def test_a_server_that_keeps_sending_a_little_is_given_up(server, tmp_path, behaviour):
    file = server.file(behaviour, "good")
    fetch(file, tmp_path / "file.bin", timeout=0.3, slowest=1e9)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert server.requests == [behaviour, "good"]
    message = refused(server.file(behaviour), tmp_path / "file.bin", timeout=0.3, slowest=1e9)
    assert "no answer in time" in message


@pytest.mark.parametrize("behaviour", ["endless", "longer"])
def test_a_connection_that_is_given_up_is_closed(tmp_path, behaviour):
    """An endless server writes until its client hangs up."""
    with published(CONTENT) as server:
        refused(server.file(behaviour), tmp_path / "file.bin")
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(10)
                assert not thread.is_alive()


def test_every_address_is_asked_once_and_gives_its_reason(server, tmp_path):
    message = refused(server.file("wrong", "longer", "missing"), tmp_path / "file.bin")
    assert server.requests == ["wrong", "longer", "missing"]
    assert message.count("127.0.0.1:") >= 3


@pytest.mark.parametrize("address", ["file:///etc/hostname", "no address", "ftp://127.0.0.1/file.bin", "http://[", ""])
def test_only_the_web_is_asked(server, tmp_path, address):
    known = server.file("good")
    assert "could not be downloaded" in refused(
        RawFile("file.bin", (address,), known.sha256, known.size), tmp_path / "file.bin"
    )
    fetch(RawFile("file.bin", (address, *known.addresses), known.sha256, known.size), tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_of_this_machine_is_not_taken_even_if_it_is_the_right_one(server, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file.bin").write_bytes(CONTENT)
    known = server.file("good")
    file = RawFile("file.bin", ((tmp_path / "secret" / "file.bin").as_uri(),), known.sha256, known.size)
    (tmp_path / "cache").mkdir()
    assert "only http and https addresses are followed" in refused(file, tmp_path / "cache" / "file.bin")


@pytest.mark.parametrize("name", ["../../escaped.bin", "/etc/escaped.bin", "a/b", "..", ".", "", "a\\b", "a\0b"])
def test_a_name_stays_in_its_folder_of_the_cache(server, name):
    with pytest.raises(ArchflowError, match="not a plain name"):
        server.file("good", name=name)


def test_no_network_is_said(tmp_path):
    with published(CONTENT) as server:
        file = server.file("good")
    assert "Connection refused" in refused(file, tmp_path / "file.bin")
    nowhere = RawFile("file.bin", ("http://archflow.invalid/file.bin",), file.sha256, file.size)
    assert "archflow.invalid: " in refused(nowhere, tmp_path / "file.bin", timeout=10.0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full to write to")
def test_a_full_disk_is_said_to_be_full(server, tmp_path, monkeypatch):
    monkeypatch.setattr("archflow.data.download._Body.flush", lambda body: os.write(full, b"x"))
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        message = refused(server.file("good", "good"), tmp_path / "file.bin")
    finally:
        os.close(full)
    assert "could not be written (No space left on device)" in message
    assert server.requests == ["good"], "another address would not help"


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ArchflowError, match=r"file\.bin: cannot write there .*; give a path in a writable folder"):
        fetch(server.file("good"), tmp_path / "file" / "file.bin")


def test_a_killed_download_leaves_the_old_file(server, tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    script = (
        "from pathlib import Path; from archflow.data.catalogue import RawFile; "
        "from archflow.data.download import download; "
        f"download({server.file('stalls')!r}, Path({str(target)!r}), lambda count: print(count, flush=True), timeout=9)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        process.kill()
        process.wait()
    assert target.read_bytes() == b"old"
    fetch(server.file("good"), target)
    assert target.read_bytes() == CONTENT
