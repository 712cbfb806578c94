"""What is finished of a study that is not: measures in its folder, sealed, so that no others are reported for them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.sealed import read_sealed, write_sealed

Measures = Mapping[str, list[float]]
"""Name -> a value for each run; `tau` is among them."""

_FINITE = 1e300


def write_finished(path: Path, key: str, measures: Mapping[str, Measures]) -> Mapping[str, Measures]:
    """Keep what was measured, and return it.

    Args:
        path: The file; its name says which part of the study it is.
        key: Fingerprint of the study.
        measures: By method or variant.
    """
    write_sealed(path, {"of": [key, path.stem], "measures": measures})
    return measures


def read_finished(path: Path, key: str, runs: int) -> dict[str, dict[str, list[float]]] | None:
    """What `write_finished` kept for this study, of so many runs; None if there is nothing.

    A file that is damaged, or of another study, is named on standard error and counts for nothing: what it held is
    measured again.
    """
    if not path.exists():
        return None
    try:
        content = read_sealed(path)
        if content.get("of") != [key, path.stem]:
            raise ArchflowError("it belongs to another study")
        measures = content.get("measures")
        if not (isinstance(measures, dict) and measures and all(_sound(each, runs) for each in measures.values())):
            raise ArchflowError(f"its measures are not those of {runs} runs")
    except ArchflowError as error:
        said = str(error).removeprefix(f"{path}: ")
        print(f"{path}: measured again, as the file cannot be trusted: {said}", file=sys.stderr)
        return None
    return measures


def _sound(measures: Any, runs: int) -> bool:
    return (
        isinstance(measures, dict)
        and "tau" in measures
        and all(isinstance(values, list) and len(values) == runs for values in measures.values())
        and all(type(value) in (int, float) and abs(value) < _FINITE for each in measures.values() for value in each)
        and all(abs(tau) <= 1 for tau in measures["tau"])
    )
