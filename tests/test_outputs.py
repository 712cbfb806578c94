"""What a command writes is checked beforehand: places, endings, and files that would be lost."""

import os
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow.outputs import Output, check_outputs, same_file

TABLES = (".parquet", ".csv")


def ours(path: Path) -> bool:
    return path.read_text() == "ours"


def test_a_new_file_may_be_written(tmp_path):
    check_outputs(Output("--out", tmp_path / "new" / "r.csv", "a table", TABLES), inputs={"--data": "digits201"})
    assert list(tmp_path.iterdir()) == []


def test_an_ending_says_the_format(tmp_path):
    with pytest.raises(ArchflowError, match=r"r\.xlsx: a table is written as \.parquet, \.csv; give such an ending"):
        check_outputs(Output("--out", tmp_path / "r.xlsx", "a table", TABLES))
    check_outputs(Output("--out", Path("/dev/null"), "an array", (".npy",)))
    with pytest.raises(ArchflowError, match="/dev/null: a table is written as"):
        check_outputs(Output("--out", Path("/dev/null"), "a table", TABLES))


@pytest.mark.parametrize("name", ["", "file/r.csv", "x" * 300, "a\0b", "folder"])
def test_where_nothing_can_be_written_is_refused_by_option(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    Path("folder").mkdir()
    with pytest.raises(ArchflowError, match=r"^--out .*; give (a|the) path") as refused:
        check_outputs(Output("--out", Path(name)))
    assert len(str(refused.value).splitlines()) == 1


def test_what_the_command_would_not_write_is_replaced_only_where_asked(tmp_path):
    path = tmp_path / "r.csv"
    output = Output("--out", path, own=ours)
    path.write_text("mine")
    with pytest.raises(ArchflowError, match=r"--out .*r\.csv: exists, and is not what this command writes"):
        check_outputs(output)
    check_outputs(output, force=True)
    path.write_text("ours")
    check_outputs(output)
    with pytest.raises(ArchflowError, match="exists"):
        check_outputs(Output("--out", path))


def test_what_the_command_reads_is_replaced_only_where_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("r.csv").write_text("ours")
    Path("link.csv").symlink_to("r.csv")
    for name in ("r.csv", "link.csv", "./r.csv"):
        with pytest.raises(ArchflowError, match="is what --data reads; give another path, or --force"):
            check_outputs(Output("--out", Path(name), own=ours), inputs={"--data": "r.csv"})
        check_outputs(Output("--out", Path(name), own=ours), inputs={"--data": "r.csv"}, force=True)


def test_two_outputs_are_never_one_file(tmp_path):
    first, second = Output("--out", tmp_path / "e.json"), Output("its card", tmp_path / "x" / ".." / "e.json")
    with pytest.raises(ArchflowError, match="--out and its card are the same file"):
        check_outputs(first, second, force=True)


def test_files_are_compared_and_not_their_names(tmp_path):
    (tmp_path / "a").write_text("")
    os.link(tmp_path / "a", tmp_path / "b")
    assert same_file(tmp_path / "a", tmp_path / "b")
    assert not same_file(tmp_path / "a", tmp_path / "c")
    assert not same_file("x" * 5000, tmp_path / "a")
