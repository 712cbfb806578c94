"""A predictor's folder: whatever else is in it stays."""

import json
from pathlib import Path

import pytest
import torch

from archflow.described import Described
from archflow.predict.folder import DESCRIPTION, is_description, read_folder, write_folder

FORM = "archflow networks 3"


def write(folder: Path, value: float) -> None:
    write_folder(folder, FORM, {"a": torch.tensor([value])}, {})


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_only_what_the_old_description_names_is_removed(tmp_path):
    write(tmp_path, 1.0)
    (first,) = names(tmp_path) - {DESCRIPTION}
    kept = {"weights-2024.safetensors", "weights-0123456789abcdef.safetensors"}
    for name in kept:
        (tmp_path / name).write_text("mine")
    write(tmp_path, 2.0)
    assert kept < names(tmp_path)
    assert first not in names(tmp_path)
    tensors, _ = read_folder(tmp_path, FORM, Described)
    assert tensors["a"].tolist() == [2.0]
    before = names(tmp_path)
    write(tmp_path, 2.0)
    assert names(tmp_path) == before


@pytest.mark.parametrize("part", ["notes.txt", "../notes.txt", "folder", ".", "..", "", 3, None, ["notes.txt"]])
def test_a_description_that_names_other_files_removes_none(tmp_path, part):
    folder = tmp_path / "p"
    for path in (folder / "folder" / "n.txt", folder / "notes.txt", tmp_path / "notes.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    before = names(tmp_path)
    described = {"format": FORM, "weights": part}
    (folder / DESCRIPTION).write_text(json.dumps(described))
    assert not is_description(folder / DESCRIPTION)
    write(folder, 1.0)
    assert before < names(tmp_path)


def test_a_damaged_description_names_nothing(tmp_path):
    write(tmp_path, 1.0)
    assert is_description(tmp_path / DESCRIPTION)
    before = names(tmp_path)
    (tmp_path / DESCRIPTION).write_text('{"format": ')
    write(tmp_path, 2.0)
    assert before < names(tmp_path)
    assert not is_description(tmp_path / "nothing")
