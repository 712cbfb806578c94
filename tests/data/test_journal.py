import json
from pathlib import Path

import pytest

from archflow.data.journal import open_journal
from archflow.errors import ArchflowError

CONFIGURATION = {"space": "nasbench201", "epochs": 3, "seeds": [0, 1]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "items.jsonl"
    with open_journal(path, CONFIGURATION) as journal:
        for item in range(3):
            journal.append({"item": item, "value": item / 3})
    return path


def entries(path: Path) -> list[dict]:
    with open_journal(path, CONFIGURATION) as journal:
        return list(journal.entries)


def test_entries_come_back(path: Path) -> None:
    assert entries(path) == [{"item": item, "value": item / 3} for item in range(3)]


def test_an_entry_is_on_the_disk_at_once(path: Path) -> None:
    with open_journal(path, CONFIGURATION) as journal:
        journal.append({"item": 3})
        assert json.loads(path.read_bytes().splitlines()[-1]) == {"item": 3}


@pytest.mark.parametrize("torn", range(1, 25))
def test_a_torn_last_line_is_dropped(path: Path, torn: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-torn])
    assert len(entries(path)) == 2
    with open_journal(path, CONFIGURATION) as journal:
        journal.append({"item": 2, "value": 2 / 3})
    assert path.read_bytes() == content


def test_a_torn_header_starts_anew(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])
    assert entries(path) == []


def test_another_configuration_is_refused_and_named(path: Path) -> None:
    before = path.read_bytes()
    with (
        pytest.raises(ArchflowError, match="epochs is 3 there, 4 here") as caught,
        open_journal(path, {**CONFIGURATION, "epochs": 4}),
    ):
        pass
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"), [('{"mine": 1}\n{"torn', "another job"), ("my notes", "another job"), ("a\nb", "line 1 ")]
)
def test_a_foreign_file_is_refused_and_kept(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(ArchflowError, match=message), open_journal(path, CONFIGURATION):
        pass
    assert path.read_text() == content


def test_a_damaged_line_is_named(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\x00\xff\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(ArchflowError, match=r"line 3 .* damaged"):
        entries(path)


def test_two_writers_are_refused(path: Path) -> None:
    with (
        open_journal(path, CONFIGURATION),
        pytest.raises(ArchflowError, match="another process"),
        open_journal(path, CONFIGURATION),
    ):
        pass


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="cannot be written"), open_journal(tmp_path, CONFIGURATION):
        pass
