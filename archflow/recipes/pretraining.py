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
"""Endings of files that are not encoders."""


def check_out(out: Path, card: bool = False, data: Sequence[str] = (), force: bool = False) -> None:
    """Check the file that an encoder will be written to, and those beside it.

    Args:
        out: The encoder's file; its ending must not be that of another kind of file.
        card: Whether a card is written beside it.
        data: Names or files of the tables that it is trained on.
        force: Whether existing files may be replaced, whatever they are.

    Raises:
        ArchflowError: If a file cannot be written, or one would be lost.
    """
    if out.suffix in OTHER_FILES:
        raise ArchflowError(f"--out {out}: {out.suffix} is the ending of another kind of file; use .safetensors")
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
    device: str = "cpu",
) -> PretrainingJob:
    """Make a job with the published settings for a data set and an encoder, unless an argument overrides them.

    Args:
        benchmark: The data set; None for a user's own table.
        encoder: Its registered name.
        task: The pretext task, as `make_task` reads it.
        path: The file to write the encoder to.
        tasks: Task settings, by task.
        proxies: Proxies for the tasks that rank proxies.
        width, view, positions: Settings of the encoder.
        epochs, seed: Settings of the training.
        device: Where to compute.

    Raises:
        ArchflowError: If a setting belongs to none of the tasks.
    """
    tasks = tasks or {}
    for other in set(tasks) - set(task_weights(task)):
        raise ArchflowError(f"a setting of {other!r}, but the task is {task}; give settings of that task")
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
        device,
    )
