"""Pre-training with the settings that were published for a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from archflow.checkpoint import is_saved
from archflow.data.benchmarks import Benchmark
from archflow.encoders.pretrained import is_card
from archflow.errors import ArchflowError
from archflow.outputs import Output, check_outputs
from archflow.pretext import with_proxies
from archflow.pretext.jobs import PretrainingJob, state_of
from archflow.pretext.named import Settings, task_weights, updated
from archflow.recipes.presets import preset_of

OTHER_FILES = (".parquet", ".csv", ".jsonl", ".json", ".npy", ".html", ".md", ".state")
"""Endings that say something else than an encoder."""


def check_out(out: Path, card: bool = False, data: Sequence[str] = (), force: bool = False) -> None:
    """Check the file that an encoder is going to be written to, and those beside it.

    Args:
        out: Any name will do that is not one of another kind of file; encoders are found by it.
        card: Whether it is written with a card.
        data: What it is trained on: names or files.
        force: Whether files are replaced whatever they are.

    Raises:
        ArchflowError: It cannot be written, or a file would be lost.
    """
    if out.suffix in OTHER_FILES:
        raise ArchflowError(f"--out {out}: {out.suffix} says another kind of file; end it .safetensors")
    outputs = [
        Output("--out", out, "an encoder with a card", (".safetensors",) if card else (), is_saved),
        Output("its state", state_of(out), own=is_saved),
    ]
    if card:
        outputs.append(Output("its card", out.with_suffix(".json"), own=is_card))
    check_outputs(*outputs, inputs={f"--data {name}": name for name in data}, force=force)


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
