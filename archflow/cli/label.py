"""`archflow label`: train architectures of a space and write the results as a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from archflow.cli.network_options import Cells, Channels, ImagesOption, SampleSeed, Stages
from archflow.cli.output import ForceOption, Json, print_json

OutOption = Annotated[
    Path, typer.Option(help="The table to write (.parquet, .csv or .jsonl); its card is written beside it as .json.")
]


def label(
    out: OutOption,
    space: Annotated[str, typer.Option(help="The search space.")] = "nasbench201",
    data: ImagesOption = "digits",
    count: Annotated[int, typer.Option(min=1, help="Architectures to train, no two isomorphic.")] = 2020,
    seeds: Annotated[int, typer.Option(min=1, help="Training runs per architecture.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training images.")] = 2,
    batch_size: Annotated[int, typer.Option(min=2, help="Images per training step.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="The highest learning rate.")] = 0.1,
    channels: Channels = 16,
    cells: Cells = 2,
    stages: Stages = 1,
    sample_seed: SampleSeed = 0,
    processes: Annotated[int, typer.Option(min=0, help="Parallel training runs; 0 for one per core.")] = 0,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Train architectures of a space and write their results.

    Finished runs are recorded in a journal beside the table; if interrupted, re-run the same command to resume.
    """
    from archflow.data.labelling_job import LabellingJob, journal_of
    from archflow.networks.trainer import TrainingSettings
    from archflow.outputs import check_outputs
    from archflow.progress import progress_bar

    drawn = {"count": count, "seeds": seeds, "sample_seed": sample_seed}
    size = {"channels": channels, "cells_per_stage": cells, "stages": stages}
    training = TrainingSettings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    job = LabellingJob(space=space, data=data, size=size, training=training, **drawn)
    check_outputs(*job.outputs(out), force=force)
    with progress_bar(f"training {count} x {seeds} on {data}", count * seeds, kept=journal_of(out)) as progress:
        card = job.run(out, processes or os.cpu_count() or 1, progress)
    _print(out, card, as_json)


def _print(out: Path, card: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(card)
        return
    typer.echo(f"{out}: {card['rows']} architectures, {card['failures']} failed trainings")
    for metric, tau in card["seed_to_seed_kendall_tau"].items():
        typer.echo(f"{metric}: seed-to-seed Kendall tau {'not defined' if tau is None else format(tau, '.3f')}")
