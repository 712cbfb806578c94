"""Fit a predictor on a table: what `archflow fit` does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.benchmarks import Benchmark
from archflow.data.proxies import proxy, proxy_columns
from archflow.data.splits import labelled_rows
from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import BlendedPredictor, FineTuned, NetworkPredictor, Objective
from archflow.predict.objectives import Hinge, one_for_each
from archflow.progress import progress_bar
from archflow.recipes.presets import preset_of
from archflow.recipes.recipe import Recipe, recipe_for

PRETRAINING = "pretraining"
"""The folder beside the predictor that holds the recipe's encoders until all is done."""

FitPredictor = NetworkPredictor | BlendedPredictor


@dataclass(frozen=True)
class Task:
    """What to learn from which rows of a table.

    Attributes:
        table: The table.
        metrics: Columns.
        lower_is_better: Of every metric.
        objective: Names of objectives, one for all metrics or one for each; the hinge loss if empty.
        rows: Those with the labels to use.
    """

    table: Table
    metrics: Sequence[str]
    lower_is_better: Sequence[bool]
    objective: Sequence[str]
    rows: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        table: Table,
        columns: Sequence[str],
        objective: Sequence[str] = (),
        labels: float | None = None,
        seed: int = 21,
    ) -> Task:
        """The task of learning columns.

        Args:
            table: The table.
            columns: Their names, with a minus sign before those of which low values are the good ones.
            objective: As above.
            labels: Use only so many labels, drawn at random: a share below 1 or a count. None uses all.
            seed: Draws them.

        Raises:
            ArchflowError: For a column that is missing or infinite somewhere, and for too few labels.
        """
        lower = [column.startswith("-") and column not in table.metrics for column in columns]
        metrics = [column[1:] if low else column for column, low in zip(columns, lower, strict=True)]
        if len(set(metrics)) < len(metrics):
            raise ArchflowError(f"metric {', '.join(metrics)}: named twice; name each column once")
        values = np.stack([table.metric(metric) for metric in metrics], 1)
        for metric, column in zip(metrics, values.T, strict=True):
            if np.isinf(column).any():
                raise ArchflowError(f"row {int(np.argmax(np.isinf(column)))}: {metric} is infinite; mend or empty it")
        measured = np.where(np.isfinite(values).any(1), 1.0, np.nan)
        return cls(table, metrics, lower, objective, labelled_rows(measured, labels, seed))

    def objectives(self, margin: float) -> list[Objective]:
        """One for each metric. margin: of the hinge loss."""
        named = [Hinge(margin=margin) if name == "hinge" else name for name in self.objective or ["hinge"]]
        each = zip(one_for_each(named, len(self.metrics)), self.lower_is_better, strict=True)
        return [replace(objective, lower_is_better=lower) for objective, lower in each]


def network_predictor(
    task: Task,
    benchmark: Benchmark | None = None,
    encoder: str = "gated_gcn",
    view: str | None = None,
    positions: bool = False,
    members: int = 4,
    epochs: int = 300,
    seed: int = 21,
) -> NetworkPredictor:
    """An unfitted predictor with the published settings.

    Args:
        task: What it is to learn.
        benchmark: Whose settings to take; None for a table of one's own.
        encoder: A pre-trained one, by its name or file; or a kind, to start untrained.
        view: The form in which it sees architectures; default: its own.
        positions: Whether an untrained one also reads position attributes; a pre-trained one has settled that.
        members, epochs, seed: Of the predictor.
    """
    preset = preset_of(benchmark)
    if "." in encoder:
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
    settings = replace(preset.published(embedder.name).fine_tune, epochs=epochs)
    objective = task.objectives(settings.margin)
    return NetworkPredictor(embedder, members=members, objective=objective, settings=settings, seed=seed)


def recipe_predictor(
    task: Task,
    folder: Path,
    benchmark: Benchmark | None = None,
    encoder: str | None = None,
    proxies: Sequence[str] = (),
    members: int | None = None,
    epochs: int | None = None,
    seed: int = 21,
) -> BlendedPredictor:
    """An unfitted predictor by the recipe, whose encoders are pre-trained on the whole table.

    Args:
        task: What it is to learn.
        folder: Keeps the encoders; the same call continues an interrupted one.
        benchmark: Whose settings to take; None for a table of one's own.
        encoder: Kind of the encoders; default: the recipe's.
        proxies: Zero-cost proxies to rank; default: those among the table's columns.
        members, epochs: Of fine-tuning; default: the recipe's.
        seed: Of everything.

    Raises:
        ArchflowError: For an encoder that is pre-trained already, and for several metrics.
    """
    if encoder and "." in encoder:
        raise ArchflowError(f"--encoder {encoder}: the recipe pre-trains its own; name a kind such as gated_gcn")
    if len(task.metrics) > 1:
        raise ArchflowError(f"the recipe learns one metric, not {', '.join(task.metrics)}; fit one predictor for each")
    recipe: Recipe = recipe_for(benchmark, encoder)
    tuning = replace(recipe.fine_tune, epochs=epochs or recipe.fine_tune.epochs)
    recipe = replace(recipe, members=members or recipe.members, fine_tune=tuning)
    table = task.table
    columns = proxies or [column for column in proxy_columns(table) if column not in task.metrics]
    values = {column: proxy(table, column) for column in columns}
    pretrained = recipe.pretrain(table.architectures, values, folder, seed, os.cpu_count() or 1)
    return recipe.predictor(pretrained, seed, task.objectives(tuning.margin))


def fit_and_save(predictor: FitPredictor, task: Task, out: Path) -> FineTuned:
    """Fit a predictor and write it into a folder. After an interruption the same call resumes."""
    state = out / "fit.state"
    epochs = (predictor.networks if isinstance(predictor, BlendedPredictor) else predictor).settings.epochs
    with progress_bar(f"fitting on {len(task.rows)} labels", epochs) as bar:
        tuned = predictor.fit(
            task.table.select(task.rows),
            metrics=task.metrics,
            reference=task.table,
            checkpoint=state,
            on_epoch=bar.reach,
        )
    predictor.save(out)
    state.unlink(missing_ok=True)
    shutil.rmtree(out / PRETRAINING, ignore_errors=True)
    return tuned
