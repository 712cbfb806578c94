"""Finished parts of an unfinished study: measures in its folder, sealed by a fingerprint of the study."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.sealed import read_sealed, write_sealed

Measures = Mapping[str, list[float]]
"""Name -> one value per run; includes `tau`."""

_FINITE = 1e300


def write_finished(path: Path, key: str, measures: Mapping[str, Measures]) -> Mapping[str, Measures]:
    """Store measures, and return them.

    Args:
        path: The file; its name identifies the part of the study.
        key: Fingerprint of the study.
        measures: Measures by method or variant.
    """
    write_sealed(path, {"of": [key, path.stem], "measures": measures})
    return measures


def read_finished(path: Path, key: str, runs: int) -> dict[str, dict[str, list[float]]] | None:
    """Read the measures that `write_finished` stored for this study with `runs` runs; None if there are none.

    A file that is damaged or belongs to another study is reported on standard error and ignored, so that its part is
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
