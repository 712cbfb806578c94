"""The main job on the embedded benchmark: pre-train, fit on few labels, rank, compare, report."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archflow.data.benchmarks import BENCHMARKS, load
from archflow.data.proxies import proxy, proxy_columns
from archflow.data.splits import labelled_rows
from archflow.encoders import create
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.metrics import precision_curve, summary
from archflow.progress import progress_bar
from archflow.recipes.presets import preset_of
from archflow.recipes.recipe import recipe_for
from archflow.report.ranking import ranking_report

MEMBERS = 4


def run_demo(
    out: Path | None, labels: float, pretrain_epochs: int, epochs: int, seed: int, figures_folder: Path | None = None
) -> dict[str, Any]:
    """Run the demo. Labels of the judged architectures are used for judging alone.

    Args:
        out: The report to write, or None for none.
        labels: Accuracies to learn from: a share or a count.
        pretrain_epochs: Of pre-training.
        epochs: Of fine-tuning.
        seed: Of everything random.
        figures_folder: Where the figures of the report go as PNG, SVG and PDF too.

    Returns:
        What the command prints: numbers of architectures, the measures of every method, the report's path.
    """
    began = time.perf_counter()
    benchmark = BENCHMARKS["digits201"]
    table, preset = load("digits201"), preset_of(benchmark)
    architectures, accuracy = table.architectures, table.metric(benchmark.metric)
    known = labelled_rows(accuracy, labels, seed)
    judged = np.setdiff1d(np.flatnonzero(np.isfinite(accuracy)), known)

    untrained = create("gated_gcn", architectures, seed=seed, width=preset.width)
    # The recipe with the gated GCN: its own encoder would take minutes.
    recipe = recipe_for(benchmark, "gated_gcn")
    recipe = replace(recipe, epochs=pretrain_epochs, fine_tune=replace(recipe.fine_tune, epochs=epochs))
    proxies = {name: proxy(table, name) for name in proxy_columns(table)}
    with tempfile.TemporaryDirectory() as folder:
        pretrained = recipe.pretrain(architectures, proxies, Path(folder), seed, processes=os.cpu_count() or 1)
    predictors = {
        "supervised": NetworkPredictor(untrained, members=MEMBERS, settings=FineTuneSettings(epochs), seed=seed),
        "recipe": recipe.predictor(pretrained, seed),
    }

    methods, curves, predictions, loss_curves = [], {}, {}, {}
    ks = np.unique(np.geomspace(5, len(judged), 60).astype(int))
    for name, predictor in predictors.items():
        with progress_bar(f"learning from {len(known)} labels, {name}", epochs) as bar:
            tuned = predictor.fit(
                architectures.select(known), accuracy[known], reference=architectures, on_epoch=bar.reach
            )
        predictions[name], _ = predictor.predict(architectures)
        methods.append({"method": name, **summary(predictions[name][judged], accuracy[judged])})
        curves[name] = (ks, precision_curve(predictions[name][judged], accuracy[judged], ks))
        loss_curves[f"fine-tuning: {name}"] = tuned.losses.mean(1).tolist()
        embeddings = predictor.embed(architectures)
    curves["chance"] = (ks, ks / len(judged))

    seconds = time.perf_counter() - began
    if out is not None:
        ranking_report(
            out,
            title="Ranking NAS-Bench-201 cells on digits from a few measurements",
            summary=[
                ("architectures", f"{len(table):,} cells, each really trained three times"),
                ("labels", f"{len(known)} measured accuracies, drawn at random"),
                ("judged on", f"the other {len(judged):,} cells"),
                (
                    "pre-training",
                    f"{len(pretrained)} encoders, {pretrain_epochs} epochs each, by "
                    f"{' and '.join(dict.fromkeys(task for task, _ in recipe.tasks))} with "
                    f"{len(proxies)} zero-cost proxies, no labels",
                ),
                (
                    "predictor",
                    f"{recipe.members} gated GCNs of width {preset.width}, {epochs} epochs, and a Gaussian process on "
                    "their embeddings",
                ),
                ("seconds", f"{seconds:.0f}"),
            ],
            comparison=methods,
            predicted=predictions["recipe"],
            measured=accuracy,
            fitted=np.isin(np.arange(len(table)), known),
            precision_curves=curves,
            loss_curves=loss_curves,
            embeddings=embeddings,
            architectures=architectures,
            native=table.native,
            metric="test accuracy",
            figures_folder=figures_folder,
        )
    return {
        "architectures": len(table),
        "labels": len(known),
        "judged": len(judged),
        "methods": methods,
        "report": None if out is None else str(out),
        "seconds": round(seconds, 1),
    }
