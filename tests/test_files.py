import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow.files import check_writable, only_writer, read_json, regular_file, write_atomically, write_json

ROOT = os.geteuid() == 0
needs_permissions = pytest.mark.skipif(ROOT, reason="permissions do not hold for the superuser")


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "deep" / "result.txt"
    with write_atomically(path) as temporary:
        temporary.write_text("old")
    with write_atomically(path) as temporary:
        temporary.write_text("ne")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent  # a rename across file systems would not be atomic
        temporary.write_text("new")
        reader = path.open()
    with reader:
        assert reader.read() == "old"  # replaced as a whole, not written over
    assert path.read_text() == "new"
    assert names(path.parent) == ["result.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failed_write_changes_nothing(tmp_path, error):
    path = tmp_path / "result.txt"
    path.write_text("old")

    def fail() -> None:
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["result.txt"]


def test_a_full_disk_is_one_clear_line(tmp_path):
    path = tmp_path / "result.txt"

    def fail() -> None:
        with write_atomically(path):
            raise OSError(28, "No space left on device")

    with pytest.raises(ArchflowError, match=r"result\.txt: could not be written \(No space left on device\)"):
        fail()
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with (
        pytest.raises(ArchflowError, match=r"cannot write there .*; give a path in a writable folder"),
        write_atomically(blocked / "result.txt"),
    ):
        pass


def test_results_are_ordinary_files_that_others_may_read(tmp_path):
    ordinary, ours = tmp_path / "ordinary", tmp_path / "ours"
    ordinary.write_text("")
    write_json(ours, {})
    assert stat.S_IMODE(os.stat(ours).st_mode) == stat.S_IMODE(os.stat(ordinary).st_mode)


def test_json_comes_back_and_holds_no_nan(tmp_path):
    path = tmp_path / "result.json"
    content = {"tau": [0.5, 0.25], "name": "π", "none": None}
    write_json(path, content)
    assert read_json(path) == content
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"tau": float("nan")})
    assert json.loads(path.read_text()) == content


def test_unreadable_json_is_refused_by_name(tmp_path):
    path = tmp_path / "result.json"
    with pytest.raises(ArchflowError, match=r"result\.json: no such file"):
        read_json(path)
    for content in (b'{"tau": 0.', b"", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(ArchflowError, match=r"result\.json: not valid JSON"):
            read_json(path)
    with pytest.raises(ArchflowError, match="cannot be read"):
        read_json(tmp_path)


def write(path: str | os.PathLike, text: str) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text(text)


def test_a_link_is_followed(tmp_path):
    target, link, dangling = tmp_path / "results" / "r.txt", tmp_path / "link", tmp_path / "dangling"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "not" / "yet")
    write(link, "new")
    write(dangling, "made")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert (tmp_path / "not" / "yet").read_text() == "made"
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(ArchflowError, match="circle: cannot write there"):
        write(circle, "")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_keeps_its_mode_also_while_it_is_written(tmp_path, mode):
    path = tmp_path / "r.txt"
    path.write_text("old")
    path.chmod(mode)
    with write_atomically(path) as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) & ~mode == 0
        temporary.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_device_is_written_to_and_stays_one():
    before = os.stat("/dev/null")
    write("/dev/null", "nothing")
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert (before.st_ino, before.st_rdev) == (after.st_ino, after.st_rdev)
    with pytest.raises(ArchflowError, match=r"/dev/full: could not be written \(No space left on device\)"):
        write("/dev/full", "something")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_pipe_is_written_to_by_its_name_and_by_a_link(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        found = []
        reader = threading.Thread(target=lambda found=found: found.append(pipe.read_text()), daemon=True)
        reader.start()
        write(path, "through")
        reader.join(10)
        assert found == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["link", "pipe"]


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    write(tmp_path / ("x" * longest), "whole")
    assert names(tmp_path) == ["x" * longest]
    for name, why in (("x" * (longest + 1), "File name too long"), ("a\0b", "null")):
        with pytest.raises(ArchflowError, match=f"cannot write there .*{why}"):
            write(tmp_path / name, "")


def test_a_folder_is_no_file(tmp_path):
    for path in (tmp_path, ""):
        with pytest.raises(ArchflowError, match="is a folder; give the path of a file"):
            write(path, "")


def test_what_the_system_refuses_is_said_beforehand(tmp_path, monkeypatch):
    path = tmp_path / "r.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != path)
    with pytest.raises(ArchflowError, match=r"r\.txt: is write-protected"):
        check_writable(path)
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != tmp_path)
    for place in (path, tmp_path / "new", tmp_path / "new" / "er"):
        with pytest.raises(ArchflowError, match=r"cannot write there \(no permission\)"):
            check_writable(place)


@needs_permissions
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArchflowError, match=r"cannot write there \(no permission\)"):
        write(tmp_path / "r.txt", "")


def test_a_limit_on_the_size_of_files_is_one_line(tmp_path):
    script = f"""
import resource
from archflow.files import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with write_atomically({str(tmp_path / "r")!r}) as temporary:
    temporary.write_bytes(bytes(5000))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "r: could not be written (File too large); nothing was changed" in done.stderr
    assert names(tmp_path) == []


def test_the_part_of_a_killed_writer_goes_with_the_next_write(tmp_path):
    path = tmp_path / "r.txt"
    script = f"""
import os, signal
from archflow.files import write_atomically
with write_atomically({str(path)!r}) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
        (part,) = names(tmp_path)
        assert part.endswith(".part")
    write(tmp_path / "other.txt", "")
    assert part in names(tmp_path), "the part of another file"
    write(path, "whole")
    assert names(tmp_path) == ["other.txt", "r.txt"]


def test_the_part_of_a_living_writer_stays(tmp_path):
    path = tmp_path / "r.txt"
    with write_atomically(path) as first:
        first.write_text("first")
        write(path, "second")
        assert first.read_text() == "first"
    assert path.read_text() == "first"


def test_a_folder_has_one_writer_at_a_time(tmp_path):
    folder = tmp_path / "deep" / "p"
    with only_writer(folder):
        (folder / "r").write_text("")
        with pytest.raises(ArchflowError, match="another process is writing into this folder"), only_writer(folder):
            pass
    with only_writer(folder):
        pass
    assert names(folder) == ["r"]
    with only_writer(tmp_path / "unused"):
        pass
    assert names(tmp_path) == ["deep"], "a folder that nothing came into"
    with pytest.raises(ArchflowError, match="cannot be written to"), only_writer(folder / "r"):
        pass


def test_a_folder_that_cannot_be_locked_can_be_written_into(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with only_writer(tmp_path):
        write(tmp_path / "r", "whole")
    assert names(tmp_path) == ["r"]


def test_only_regular_files_and_links_to_them_are_regular(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link"):
        assert regular_file(str(tmp_path / name)) == tmp_path / name
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchflowError, match="is a pipe or a device, not a file"):
        read_json(tmp_path / "pipe")
    (tmp_path / "to_device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    reasons = {
        "pipe": "is a pipe or a device, not a file",
        "to_device": "is a pipe or a device, not a file",
        "loop": "cannot be read (Too many levels of symbolic links)",
        ".": "is a folder, not a file",
        "absent": "cannot be read (No such file or directory)",
        "file/below": "cannot be read (Not a directory)",
        "n" * 300: "cannot be read (File name too long)",
        "a\0b": "cannot be read (embedded null byte)",
    }
    for name, reason in reasons.items():
        with pytest.raises(ArchflowError) as caught:
            regular_file(tmp_path / name)
        assert reason in str(caught.value)
