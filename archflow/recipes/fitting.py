"""Fit a predictor on a table: what `archflow fit` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import is_saved, remove_saved
from archflow.data.benchmarks import Benchmark
from archflow.data.proxies import proxy, proxy_columns
from archflow.data.splits import labelled_rows
from archflow.devices.units import mixed_doubt, unit_doubt
from archflow.encoders import create
from archflow.encoders.pretrained import is_pretrained
from archflow.errors import ArchflowError
from archflow.files import check_folder, remove_parts
from archflow.graph.table import Table
from archflow.outputs import Output, check_outputs
from archflow.predict import FineTuned, NetworkPredictor, Objective, StackedPredictor
from archflow.predict.context import ContextChoice
from archflow.predict.direction import usually_lower
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.folder import DESCRIPTION, is_description
from archflow.predict.labels import check_labels, check_size, checked_labels
from archflow.predict.monotone import usual_extremes
from archflow.predict.objectives import Hinge, one_for_each
from archflow.predict.stack import Stacking
from archflow.progress import progress_bar
from archflow.recipes.columns import check_columns, check_context, usable_columns
from archflow.recipes.presets import LATENCY, preset_of
from archflow.recipes.stacks import Recipe

STATE = "fit.state"
"""The file in the predictor's folder that holds the state of unfinished fine-tuning."""

DEFAULT = "quick"
"""The default recipe."""

PRETRAINING = "pretraining"
"""The folder beside the predictor that holds the recipe's encoders until fitting is done."""

FitPredictor = NetworkPredictor | StackedPredictor


@dataclass(frozen=True)
class Task:
    """Which metrics to learn from which rows of a table.

    Attributes:
        table: The table.
        metrics: Names of the columns to learn.
        lower_is_better: For each metric, whether low values are good.
        objective: Objectives or their names, one for all metrics or one for each; the hinge loss if empty.
        rows: Rows whose labels are used.
    """

    table: Table
    metrics: Sequence[str]
    lower_is_better: Sequence[bool]
    objective: Sequence[str | Objective]
    rows: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        table: Table,
        columns: Sequence[str],
        objective: Sequence[str | Objective] = (),
        labels: float | None = None,
        seed: int = 21,
    ) -> Task:
        """Make the task of learning some columns.

        Args:
            table: The table.
            columns: Their names, with a minus sign before each column whose low values are good.
            objective: As for the attribute.
            labels: Use only this many labels, drawn at random: a fraction below 1 or a count. None uses all.
            seed: Draws the labels.

        Raises:
            ArchflowError: If a column is missing or has an infinite value, or there are too few labels.
        """
        lower = [column.startswith("-") and column not in table.metrics for column in columns]
        metrics = [column[1:] if low else column for column, low in zip(columns, lower, strict=True)]
        if len(set(metrics)) < len(metrics):
            raise ArchflowError(f"metric {', '.join(metrics)}: named twice; name each column once")
        values = np.stack([table.metric(metric) for metric in metrics], 1)
        for metric, column in zip(metrics, values.T, strict=True):
            if np.isinf(column).any():
                raise ArchflowError(f"row {int(np.argmax(np.isinf(column)))}: {metric} is infinite; fix or empty it")
            check_size(column, metric)
        measured = np.where(np.isfinite(values).any(1), 1.0, np.nan)
        return cls(table, metrics, lower, objective, labelled_rows(measured, labels, seed))

    @property
    def note(self) -> str:
        """A note for the user about the direction or the unit of a metric; empty if there is nothing to note.

        It says if low values of a metric are usually good, but do not count as good here, or if milliseconds look as if
        they were in another unit.
        """
        return "; ".join(filter(None, (self._direction, *self._units)))

    @property
    def _units(self) -> list[str]:
        """Doubts about units: of single labels, and of columns of positive latencies in milliseconds."""
        found = []
        for metric in self.metrics:
            rows = self.rows[np.isfinite(self.table.metric(metric)[self.rows])]
            values = self.table.metric(metric)[rows]
            found.append(mixed_doubt(metric, values, rows) or "")
            if metric.endswith("latency_ms") and len(values) and values.min() > 0:
                found.append(unit_doubt(metric, values) or "")
        return found

    @property
    def _direction(self) -> str:
        each = zip(self.metrics, self.lower_is_better, strict=True)
        perhaps = [metric for metric, lower in each if not lower and usually_lower(metric)]
        if not perhaps:
            return ""
        options = " ".join(f"--metric -{metric}" for metric in perhaps)
        more = " or --lower-is-better" if len(self.metrics) == 1 else ""
        return f"the highest {', '.join(perhaps)} is taken for the best; if the lowest is, give {options}{more}"

    def objectives(self, margin: float) -> list[Objective]:
        """One objective per metric; `margin` is that of the hinge loss."""
        named = [Hinge(margin=margin) if name == "hinge" else name for name in self.objective or ["hinge"]]
        each = zip(one_for_each(named, len(self.metrics)), self.lower_is_better, strict=True)
        return [replace(objective, lower_is_better=lower) for objective, lower in each]


def network_predictor(
    task: Task,
    benchmark: Benchmark | None = None,
    encoder: str | None = None,
    view: str | None = None,
    positions: bool = False,
    members: int | None = None,
    epochs: int | None = None,
    seed: int = 21,
) -> NetworkPredictor:
    """Make an unfitted predictor with the published settings.

    Args:
        task: What it learns.
        benchmark: The benchmark whose settings to use; None for a user's own table.
        encoder: A pre-trained encoder's name or file; or a kind of encoder, to start untrained. Default: gated_gcn.
        view: The form in which the encoder sees architectures; default: its own.
        positions: Whether an untrained encoder also reads position attributes; for a pre-trained one this is fixed.
        members, epochs: Ensemble members and fine-tuning epochs; default: 4, 300 (the published ones of latency
            predictors).
        seed: Random seed.
    """
    preset, encoder = preset_of(benchmark), encoder or "gated_gcn"
    if is_pretrained(encoder):
        if positions:
            raise ArchflowError(f"--positions: {encoder} is pre-trained; give it to `archflow pretrain` instead")
        embedder = create(encoder)
        if view:
            embedder = replace(embedder, preparation=replace(embedder.preparation, view=view))
    else:
        published = preset.published(encoder)
        embedder = create(
            *(encoder, task.table), view=view or published.view, positions=positions, seed=seed, **published.config
        )
    settings = preset.published(embedder.name).fine_tune
    usual = settings.epochs if embedder.name in LATENCY else 300
    settings = replace(settings, epochs=usual if epochs is None else epochs)
    objective = task.objectives(settings.margin)
    return NetworkPredictor(
        embedder, members=4 if members is None else members, objective=objective, settings=settings, seed=seed
    )


def stacked_predictor(
    task: Task,
    folder: Path,
    recipe: Recipe,
    encoder: str | None = None,
    columns: Sequence[str] | None = None,
    proxies: Sequence[str] = (),
    seed: int = 21,
    on_note: Callable[[str], None] = lambda line: None,
    context: ContextChoice | None = None,
) -> StackedPredictor:
    """Make an unfitted predictor by a recipe, with encoders pre-trained on the table.

    Args:
        task: What it learns.
        folder: Folder that keeps the encoders; after an interruption the same call resumes.
        recipe: How to make the predictor.
        encoder: A pre-trained encoder's name or file, used instead of those that the recipe pre-trains.
        columns: Columns that are known before training; None to find them by name.
        proxies: Zero-cost proxies that pre-training ranks; default: those among the table's columns.
        seed: Random seed.
        on_note: Called with a line for the user, if there is one.
        context: The column of devices or tasks, if there is one.

    Raises:
        ArchflowError: If there are several metrics, or the labels cannot be learnt or are too few. This is checked
            before any pre-training.
    """
    if len(task.metrics) > 1:
        raise ArchflowError(
            f"a recipe learns one metric, not {', '.join(task.metrics)}; fit one predictor for each, or give "
            "--recipe networks"
        )
    table, (objective,) = task.table, task.objectives(FineTuneSettings.margin)
    labels, what = table.metric(task.metrics[0])[task.rows], f"labels of {task.metrics[0]}"
    objective.check(labels, what)
    check_labels(len(labels))
    checked_labels(labels, None, len(labels), what)
    sources = recipe.components.get("experts", {}).get("columns", ())
    columns = usable_columns(table, task.rows, task.metrics[0], columns, on_note)
    check_columns(table, task.rows, task.metrics[0], columns, sources, on_note)
    if context is not None:
        check_context(table.select(task.rows), context)
    _note_outliers(labels, task, on_note)
    if encoder:
        return recipe.predictor([create(encoder)], columns, objective, seed, context)
    check_folder(folder)
    names = proxies or [column for column in proxy_columns(table) if column not in task.metrics]
    values = {name: proxy(table, name) for name in names}
    embedders = recipe.embedders(table.architectures, task.rows, values, folder, seed, on_note)
    return recipe.predictor(embedders, columns, objective, seed, context)


def _note_outliers(labels: NDArray[np.float64], task: Task, on_note: Callable[[str], None]) -> None:
    """Note the first label that lies so far from all others that it may be a mistake."""
    low, high = usual_extremes(labels)
    far = (labels < low) | (labels > high)
    if far.any():
        on_note(
            f"row {task.rows[far][0]}: {task.metrics[0]} is {labels[far][0]:.4g}, and all others lie between {low:.4g} "
            f"and {high:.4g}; if it is wrong, correct or empty it"
        )


def check_out(out: Path, force: bool = False) -> None:
    """Check the folder that `fit_and_save` will write into; the user may keep other files there.

    Raises:
        ArchflowError: If it is a file or cannot be written to; without `force`, also if a file in it that belongs to no
            predictor would be replaced.
    """
    if out.exists() and not out.is_dir():
        raise ArchflowError(f"--out {out}: is a file; give a folder")
    description = Output("--out", out / DESCRIPTION, own=is_description)
    check_outputs(description, Output("the state", out / STATE, own=is_saved), force=force)


def fit_and_save(predictor: FitPredictor, task: Task, out: Path) -> FineTuned | Stacking:
    """Fit a predictor and write it into a folder. After an interruption the same call resumes.

    Finally, the training states and the recipe's encoders are removed; everything else in the folder stays.
    """
    state = out / STATE
    fitted = fit_task(predictor, task, state)
    predictor.save(out)
    remove_saved([state, *out.glob(f"{STATE}.[0-9]*")])  # encoders that are not stackable have one per member
    _remove_pretraining(out / PRETRAINING)
    return fitted


def fit_task(predictor: FitPredictor, task: Task, checkpoint: Path | None = None) -> FineTuned | Stacking:
    """Fit a predictor to the labelled rows of a task, with the whole table as its reference, and show the progress."""
    steps = predictor.epochs(len(task.rows)) or 1
    with progress_bar(f"fitting on {len(task.rows)} labels", steps, kept=checkpoint or "") as bar:
        fitted = predictor.fit(
            task.table.select(task.rows),
            metrics=task.metrics,
            reference=task.table,
            checkpoint=checkpoint,
            on_epoch=bar.reach,
        )
        bar.reach(steps)
    return fitted


def _remove_pretraining(folder: Path) -> None:
    """Remove what `Recipe.embedders` wrote into a folder, and the folder if nothing else is in it."""
    digest = "[0-9a-f]" * 16
    for encoders in folder.glob(f"encoders-{digest}"):
        remove_saved([*encoders.glob("*.encoder"), *encoders.glob("*.encoder.state")])
        remove_parts(encoders)
        with suppress(OSError):  # the user keeps something in it
            encoders.rmdir()
    with suppress(OSError):
        folder.rmdir()
