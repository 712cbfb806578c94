"""Pre-training with the settings that were published for a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from archflow.data.benchmarks import Benchmark
from archflow.errors import ArchflowError
from archflow.pretext import with_proxies
from archflow.pretext.jobs import PretrainingJob
from archflow.pretext.named import Settings, task_weights, updated
from archflow.recipes.presets import preset_of


def published_job(
    benchmark: Benchmark | None,
    encoder: str,
    task: str,
    path: Path,
    *,
    tasks: Settings | None = None,
    proxies: Sequence[str] = (),
    width: int | None = None,
    view: str | None = None,
    positions: bool = False,
    epochs: int = 200,
    seed: int = 21,
) -> PretrainingJob:
    """The published settings for a data set and an encoder, where an argument does not say otherwise.

    Args:
        benchmark: The data set; None for a table of one's own.
        encoder: Its registered name.
        task: As `make_task` reads it.
        path: Where the encoder goes.
        tasks: Settings of these tasks, by task.
        proxies: What tasks rank that rank proxies.
        width, view, positions: Of the encoder.
        epochs, seed: Of the training.

    Raises:
        ArchflowError: A setting is of none of the tasks.
    """
    tasks = tasks or {}
    for other in set(tasks) - set(task_weights(task)):
        raise ArchflowError(f"a setting of {other!r}, but the task is {task}; name settings of that")
    preset = preset_of(benchmark)
    published = preset.published(encoder)
    return PretrainingJob(
        encoder,
        {**published.config, **({"width": width} if width else {})},
        task,
        with_proxies(task, updated(preset.tasks, tasks), proxies),
        replace(published.pretrain, epochs=epochs, seed=seed),
        path,
        view or published.view,
        positions,
    )
