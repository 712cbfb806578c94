import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data.journal import open_journal, read_journal
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
        line = json.loads(path.read_bytes().splitlines()[-1])
        assert line.pop("digest")
        assert line == {"item": 3}


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
    "content",
    ['{"mine": 1}\n{"torn', "my notes", "a\nb", '{"configuration": {}}\n', "[" * 10_000 + "\n", '{"a": NaN}\n'],
)
def test_a_foreign_file_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    """A journal without digests too."""
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with (
        pytest.raises(ArchflowError, match=r"first line is not that of a journal .*carries no digest") as caught,
        open_journal(path, CONFIGURATION),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert path.read_text() == content


def test_a_damaged_header_is_refused(path: Path) -> None:
    content = path.read_bytes().replace(b'"epochs": 3', b'"epochs": 4')
    path.write_bytes(content)
    for configuration in (CONFIGURATION, {**CONFIGURATION, "epochs": 4}):
        with (
            pytest.raises(ArchflowError, match="first line is not that of a journal"),
            open_journal(path, configuration),
        ):
            pass
    assert path.read_bytes() == content


def opened(lines: list[bytes], folder: Path) -> tuple[list[int], list[int]]:
    """The items of a journal of these lines, and the numbers of its damaged lines."""
    path = folder / "changed.jsonl"
    path.write_bytes(b"".join(lines))
    with open_journal(path, CONFIGURATION) as journal:
        return [entry["item"] for entry in journal.entries], list(journal.damaged)


def test_a_line_that_was_changed_dropped_swapped_or_copied_is_named_and_left_out(path: Path, tmp_path: Path) -> None:
    head, a, b, c = path.read_bytes().splitlines(keepends=True)
    other = tmp_path / "other.jsonl"
    with open_journal(other, {**CONFIGURATION, "epochs": 4}) as journal:
        journal.append({"item": 0, "value": 0.0})
    foreign = other.read_bytes().splitlines(keepends=True)[1]
    assert opened([head, a, b, c], tmp_path) == ([0, 1, 2], [])
    assert opened([head, a, b.replace(b'"item": 1', b'"item": 7'), c], tmp_path) == ([0, 2], [3])
    assert opened([head, a, b"\x00\xff\n", c], tmp_path) == ([0], [3, 4])
    assert opened([head, a, b"[" * 5000 + b"\n", c], tmp_path) == ([0], [3, 4])
    assert opened([head, a, b"\n", b, c], tmp_path) == ([0, 2], [3, 4])
    assert opened([head, a, c], tmp_path) == ([0], [3])
    assert opened([head, b, a, c], tmp_path) == ([], [2, 3, 4])
    assert opened([head, a, b, b, c], tmp_path) == ([0, 1, 2], [4])
    assert opened([head, foreign, b, c], tmp_path)[1] == [2, 3]


def test_what_follows_a_damaged_line_is_sound(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"item": 2', b'"item": 9'))
    for _ in range(2):
        with open_journal(path, CONFIGURATION) as journal:
            assert journal.damaged == [4]
            if len(journal.entries) == 2:
                journal.append({"item": 2, "value": 2 / 3})
    assert entries(path) == [{"item": item, "value": item / 3} for item in range(3)]


@given(st.data())
def test_changed_bytes_never_give_other_items(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("journal") / "items.jsonl"
    items = [{"row": row, "seed": 0, "metrics": {"accuracy": 90 + row / 7}} for row in range(3)]
    with open_journal(path, CONFIGURATION) as journal:
        for item in items:
            journal.append(item)
    whole = path.read_bytes()
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 2))
        content[at : at + length] = data.draw(st.binary(max_size=2) | st.sampled_from([b"0", b"9", b"\n", b'"']))
    path.write_bytes(content)
    try:
        with open_journal(path, CONFIGURATION) as journal:
            assert all(entry in items for entry in journal.entries)
            assert len(journal.entries) + len(journal.damaged) >= len(content.splitlines()) - 2
    except ArchflowError:
        assert content.split(b"\n")[0] != whole.split(b"\n")[0], "the first line decides"


def test_two_writers_are_refused(path: Path) -> None:
    with (
        open_journal(path, CONFIGURATION),
        pytest.raises(ArchflowError, match="another process"),
        open_journal(path, CONFIGURATION),
    ):
        pass


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="is a folder"), open_journal(tmp_path, CONFIGURATION):
        pass


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchflowError, match="is a pipe or a device"), open_journal(tmp_path / "pipe", CONFIGURATION):
        pass


def test_a_full_disk_is_one_line_and_what_is_written_is_kept(tmp_path):
    path = tmp_path / "j.jsonl"
    script = f"""
import resource
from archflow.data.journal import open_journal, read_journal
with open_journal({str(path)!r}, {{"a": 1}}) as journal:
    journal.append({{"row": 0}})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    journal.append({{"row": 1, "text": "x" * 2000}})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"archflow.errors.ArchflowError: {path}: cannot be written (File too large); what it holds is kept: make room "
        "and run it again"
    )
    with open_journal(path, {"a": 1}) as journal:
        assert journal.entries == [{"row": 0}]
        journal.append({"row": 1})
    with open_journal(path, {"a": 1}) as journal:
        assert journal.entries == [{"row": 0}, {"row": 1}]


def test_a_journal_is_read_while_it_is_written(path: Path) -> None:
    with open_journal(path, CONFIGURATION) as journal:
        journal.append({"item": 3})
        with path.open("ab") as file:
            file.write(b'{"item": 4, "dig')  # of a line that is being written
        before = path.read_bytes()
        found = read_journal(path, CONFIGURATION)
    assert [entry["item"] for entry in found.entries] == [0, 1, 2, 3]
    assert found.damaged == []
    assert path.read_bytes() == before


def test_reading_refuses_what_is_no_such_journal(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match=r"missing.jsonl: no such journal: run the job first"):
        read_journal(tmp_path / "missing.jsonl", CONFIGURATION)
    with pytest.raises(ArchflowError, match="epochs is 3 there, 4 here"):
        read_journal(path, {**CONFIGURATION, "epochs": 4})
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ArchflowError, match="its first line is not that of a journal"):
        read_journal(tmp_path / "empty.jsonl", CONFIGURATION)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2] + lines[3])  # one is missing, so that the next belongs behind nothing
    assert read_journal(path, CONFIGURATION).damaged == [2]
