"""The runs of a protocol: run i has the (i mod 3)-th permutation of the data and model seed i // 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from archflow.data.splits import PERMUTATIONS, Split
from archflow.encoders import Encoder
from archflow.graph.table import Table
from archflow.predict.fine_tune import FineTuned, FineTuneSettings, Runs, fine_tune
from archflow.predict.models import model_for
from archflow.seeding import seeded

MODEL_SEEDS = (21, 2021, 202121)


def model_seed(run: int) -> int:
    """The seed of a run's encoder, head and batches."""
    return MODEL_SEEDS[run // len(PERMUTATIONS)]


def tune_runs(
    encoders: Sequence[Encoder],
    table: Table,
    metric: str,
    splits: Sequence[Split],
    settings: FineTuneSettings,
    state: Path,
    on_epochs: Callable[[int], None],
) -> FineTuned:
    """Fine-tune one encoder per run, all as one batched model.

    state: file of an unfinished training. on_epochs: called with the number of additional epochs.
    """
    models, parts, seeds = [], [], []
    for run, encoder in enumerate(encoders):
        with seeded(model_seed(run), 1):
            models.append(model_for(encoder))
        parts.append(splits[run % len(splits)])
        seeds.append(model_seed(run))
    labelled = np.stack([part.labelled for part in parts])
    validation = np.stack([part.validation for part in parts])
    runs = Runs(table.metric(metric)[:, None], labelled, validation, seeds)
    return fine_tune(models, table.architectures, runs, settings, state, on_epoch=cumulative(on_epochs))


def cumulative(advance: Callable[..., None]) -> Callable[..., None]:
    """Turn a function that takes the number of additional steps into one that takes the number of steps so far.

    Args:
        advance: As `Progress.advance`; further arguments are passed through.
    """
    done = 0

    def reach(steps: int, *rest: object) -> None:
        nonlocal done
        advance(steps - done, *rest)
        done = steps

    return reach
