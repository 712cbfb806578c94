"""A predictor's folder: a description, and the one file of weights that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from archflow.checkpoint import fingerprint, load_tensors, save_tensors
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json

Part = TypeVar("Part")

DESCRIPTION = "predictor.json"


def write_folder(folder: Path, form: str, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write a predictor.

    The description changes over to the new weights in one step: killed at any moment, the folder holds the old
    predictor or the new one.

    Args:
        folder: Made if there is none.
        form: Name of the format, such as "archflow networks 3".
        tensors, about: What `read_folder` gives back.
    """
    weights = f"weights-{fingerprint(about, *tensors.values())}.safetensors"
    save_tensors(folder / weights, tensors, about)
    write_json(folder / DESCRIPTION, {"format": form, "weights": weights, **about})
    for old in set(folder.glob("weights-*.safetensors")) - {folder / weights}:
        old.unlink()


def format_of(folder: Path) -> str:
    """The name of a folder's format. Raises ArchflowError if it has no readable description."""
    about: Any = read_json(folder / DESCRIPTION)
    return str(about.get("format")) if isinstance(about, dict) else ""


def read_folder(folder: Path, form: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a folder, and what was written with them.

    Raises:
        ArchflowError: Naming the file, if one is missing, cut off, altered, not the other's, or of another format.
    """
    path = folder / DESCRIPTION
    about: Any = read_json(path)
    weights = about.get("weights") if isinstance(about, dict) else None
    if not isinstance(weights, str) or Path(weights).name != weights:
        raise ArchflowError(f"{path}: names no weights beside it; restore it or fit again")
    if about.get("format") != form:
        raise ArchflowError(f"{path}: has the format {about.get('format')!r}, not {form!r} of this version; fit again")
    tensors, written = load_tensors(folder / weights)
    if {"format": form, "weights": weights, **written} != about:
        raise ArchflowError(f"{path}: does not belong to {weights} beside it; restore both or fit again")
    return tensors, written


def part_of(named: Mapping[str, Part], prefix: str) -> dict[str, Part]:
    """What has a name that begins with the prefix, without the prefix."""
    return {name.removeprefix(prefix): part for name, part in named.items() if name.startswith(prefix)}
