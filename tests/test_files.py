import json
import os
import stat

import pytest

from archflow.errors import ArchflowError
from archflow.files import read_json, write_atomically, write_json


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
