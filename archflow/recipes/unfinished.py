"""Unfinished evaluations: the repetitions that an interrupted one has finished are kept in the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow import __version__
from archflow.cache_folder import CACHE_VARIABLE, cache_folder
from archflow.checkpoint import fingerprint
from archflow.data.benchmarks import Benchmark
from archflow.data.cache import sha256_of
from archflow.data.journal import Journal, open_journal
from archflow.errors import ArchflowError
from archflow.files import check_folder
from archflow.predict.context import ContextChoice
from archflow.recipes.draws import Draws
from archflow.recipes.fitting import DEFAULT
from archflow.recipes.judging import Repetition

Values = NDArray[np.float64]

JOURNAL = "journal.jsonl"

ENDS = ("low", "high")
"""The fields of a repetition that may be NaN, written as None in the journal."""


def configuration(
    path: Path,
    draws: Draws,
    recipe: str | None,
    benchmark: Benchmark | None,
    columns: Sequence[str] | None,
    context: ContextChoice | None = None,
) -> dict[str, Any]:
    """Everything that determines the result of a repetition; the number of repetitions does not.

    Args:
        path: The table's file.
        draws: Draws of its labels.
        recipe, benchmark, columns, context: As for `archflow.recipes.evaluation.maker`.
    """
    return {
        "kind": "evaluation",
        "version": __version__,
        "table": sha256_of(path),
        "metric": draws.task.metrics[0],
        "lower_is_better": draws.task.lower_is_better[0],
        "labels": list(map(int, draws.budgets)),
        "seed": draws.seed,
        "recipe": recipe or DEFAULT,
        "benchmark": None if benchmark is None else benchmark.name,
        "features": None if columns is None else list(columns),
        "objective": list(draws.task.objective),
        "context": None if context is None else [context.column, *(context.kinds or ())],
    }


@contextmanager
def unfinished(about: Mapping[str, Any]) -> Iterator[tuple[Path, Journal]]:
    """Open the folder of an evaluation and its journal of finished repetitions; after an interruption, the same ones.

    The folder is removed when the block ends normally, and kept when an exception or a kill ends it.

    Args:
        about: The result of `configuration`.

    Raises:
        ArchflowError: If the cache cannot be written, or another process is running the same evaluation.
    """
    folder = cache_folder() / "evaluations" / fingerprint(dict(about))
    try:
        check_folder(folder)
    except ArchflowError as error:
        raise ArchflowError(f"the cache cannot be written: {error}; or name another in {CACHE_VARIABLE}") from None
    with open_journal(folder / JOURNAL, about) as journal:
        done = False
        try:
            yield folder, journal
            done = True
        finally:
            if done or (not journal.entries and os.listdir(folder) == [JOURNAL]):
                shutil.rmtree(folder, ignore_errors=True)


def entry_of(draw: int, labels: int, found: Repetition) -> dict[str, Any]:
    """The journal entry for the repetition of one draw with this number of labels."""
    about = {"draw": draw, "labels": labels, **vars(found)}
    about["coverage"] = [[asked, held] for asked, held in found.coverage.items()]
    about |= {name: getattr(found, name).tolist() for name in ("rows", "predicted")}
    return about | {name: _json(getattr(found, name)) for name in ENDS}


def finished(journal: Journal) -> dict[tuple[int, int], Repetition]:
    """The repetitions that a journal holds, by draw and number of labels."""
    return {(entry["draw"], entry["labels"]): _repetition(entry) for entry in journal.entries}


def _repetition(entry: Mapping[str, Any]) -> Repetition:
    found = {name: value for name, value in entry.items() if name not in ("draw", "labels")}
    rows, predicted = np.array(found["rows"], np.int64), np.array(found["predicted"], np.float64)
    ends = {name: np.full(len(rows), np.nan) if found[name] is None else np.array(found[name]) for name in ENDS}
    return Repetition(**{**found, "coverage": dict(found["coverage"]), "rows": rows, "predicted": predicted, **ends})


def _json(ends: Values) -> list[float] | None:
    """The ends of intervals; None if they are all NaN, because there were too few labels."""
    return None if np.isnan(ends).any() else ends.tolist()
