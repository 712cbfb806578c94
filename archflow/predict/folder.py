"""A predictor's folder: a description, and the one file of weights that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field
from torch import Tensor

from archflow.checkpoint import fingerprint, load_tensors, save_tensors
from archflow.described import Described, Shape, parse
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json

Part = TypeVar("Part")

DESCRIPTION = "predictor.json"

MEND = "restore it, or fit again"

WEIGHTS = re.compile(r"weights-[0-9a-f]{16}\.safetensors")
"""Names of weight files beside a description; they contain a digest of the content."""


def write_folder(folder: Path, form: str, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write a predictor, replacing the one in the folder.

    The description switches to the new weights in one step: even if the process is killed, the folder holds either the
    old predictor or the new one. Only the file that the old description names is removed from the folder.

    Args:
        folder: Created if it does not exist.
        form: Name of the format, such as "archflow networks 3".
        tensors, about: What `read_folder` will return.
    """
    before = _weights_of(folder / DESCRIPTION)
    weights = f"weights-{fingerprint(about, *tensors.values())}.safetensors"
    save_tensors(folder / weights, tensors, about)
    description = {"format": form, "weights": weights, **about}
    write_json(folder / DESCRIPTION, description)
    if before not in (None, weights):
        (folder / before).unlink(missing_ok=True)


def is_description(path: Path) -> bool:
    """Whether a file is the description of a predictor."""
    return _weights_of(path) is not None


def _weights_of(path: Path) -> str | None:
    """The weight file that a description names; None if there is no description, or it is damaged."""
    try:
        description = read_json(path)
    except ArchflowError:
        return None
    if not isinstance(description, dict) or not str(description.get("format")).startswith("archflow "):
        return None
    named = str(description.get("weights"))
    return named if WEIGHTS.fullmatch(named) else None


class Head(Described):
    """The head of every predictor.json: the format, and the name of the weight file beside it."""

    format: str
    weights: Annotated[str, Field(pattern=f"^{WEIGHTS.pattern}$")]


def format_of(folder: Path) -> str:
    """The name of a folder's format. Raises ArchflowError if its description is missing or unreadable."""
    return _head(folder)[0].format


def read_folder(folder: Path, form: str, shape: type[Shape]) -> tuple[dict[str, Tensor], Shape]:
    """Read the tensors of a folder and the description written with them.

    Args:
        folder: A folder that `write_folder` wrote.
        form: Name of the format.
        shape: Type of the description (`archflow.described`).

    Raises:
        ArchflowError: If a file is missing, cut off, altered, of another format or shape, or does not belong to the
            other file; the message names the file.
    """
    head, about = _head(folder)
    path = folder / DESCRIPTION
    if head.format != form:
        raise ArchflowError(f"{path}: has the format {head.format!r}, not {form!r} of this version; fit again")
    tensors, written = load_tensors(folder / head.weights)
    if not isinstance(written, dict) or {"format": form, "weights": head.weights, **written} != about:
        raise ArchflowError(f"{path}: does not belong to {head.weights} beside it; restore both or fit again")
    return tensors, parse(shape, written, str(path), MEND)


def _head(folder: Path) -> tuple[Head, dict[str, Any]]:
    """The head of the description, and the whole description."""
    if folder.is_file():
        raise ArchflowError(f"{folder}: is a file, not a predictor; give the folder that `archflow fit` wrote")
    if not folder.exists():
        raise ArchflowError(f"{folder}: no such folder; a predictor is the folder that `archflow fit` wrote")
    path = folder / DESCRIPTION
    about = read_json(path)
    return parse(Head, about, str(path), MEND, finite=False, more=True), about


def part_of(named: Mapping[str, Part], prefix: str) -> dict[str, Part]:
    """The entries whose names begin with the prefix, with the prefix removed."""
    return {name.removeprefix(prefix): part for name, part in named.items() if name.startswith(prefix)}


def parts_of(named: Mapping[str, Part], kind: str, count: int) -> list[dict[str, Part]]:
    """The entries whose names begin with `KIND.0.`, `KIND.1.` ..., with these prefixes removed.

    Raises:
        ArchflowError: If there are not `count` parts.
    """
    parts: dict[str, dict[str, Part]] = {}
    for name, part in part_of(named, f"{kind}.").items():
        number, _, rest = name.partition(".")
        parts.setdefault(number, {})[rest] = part
    if parts.keys() != set(map(str, range(count))):
        raise ArchflowError(f"the file has weights of {len(parts)} of {count} of its {kind}s; {MEND}")
    return [parts[str(k)] for k in range(count)]
