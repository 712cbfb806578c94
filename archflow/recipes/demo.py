"""The main workflow on the embedded benchmark: pre-train, fit on few labels, rank, compare, report."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archflow.data.benchmarks import BENCHMARKS, load
from archflow.data.proxies import proxy, proxy_columns
from archflow.data.splits import labelled_rows
from archflow.device import usable
from archflow.encoders import create
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.metrics import precision_curve, summary
from archflow.progress import progress_bar
from archflow.recipes.fitting import DEFAULT
from archflow.recipes.presets import preset_of
from archflow.recipes.stacks import recipe_of
from archflow.report.ranking import ranking_report

MEMBERS = 4


def run_demo(
    out: Path | None,
    labels: float,
    pretrain_epochs: int,
    epochs: int,
    seed: int,
    figures_folder: Path | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Run the demo. Labels of the judged architectures are used for judging only.

    Args:
        out: The report to write; None to write no report.
        labels: Accuracies to learn from: a fraction below 1 or a count.
        pretrain_epochs: Epochs of pre-training.
        epochs: Epochs of fine-tuning.
        seed: Random seed.
        figures_folder: A folder for the report's figures as PNG, SVG and PDF; None to write none.
        device: Where to compute.

    Returns:
        What the command prints: numbers of architectures, the measures of every method, the report's path.
    """
    began = time.perf_counter()
    benchmark = BENCHMARKS["digits201"]
    table, preset = load("digits201"), preset_of(benchmark)
    architectures, accuracy = table.architectures, table.metric(benchmark.metric)
    known = labelled_rows(accuracy, labels, seed)
    judged = np.setdiff1d(np.flatnonzero(np.isfinite(accuracy)), known)

    recipe = recipe_of(DEFAULT, benchmark).with_component("networks", epochs=epochs)
    assert recipe.pretraining is not None, "the default pre-trains"
    pretraining = replace(recipe.pretraining, epochs=pretrain_epochs)
    recipe = replace(recipe, device=str(usable(device)), pretraining=pretraining)
    proxies = {name: proxy(table, name) for name in proxy_columns(table)}
    with tempfile.TemporaryDirectory() as folder:
        embedders = recipe.embedders(architectures, known, proxies, Path(folder), seed)
    stacked = recipe.predictor(embedders, seed=seed)
    untrained = create("gated_gcn", architectures, seed=seed, width=preset.width)
    settings = FineTuneSettings(epochs)
    supervised = NetworkPredictor(untrained, members=MEMBERS, settings=settings, seed=seed, device=device)
    predictors = {"supervised": supervised, DEFAULT: stacked}

    methods, curves, predictions = [], {}, {}
    ks = np.unique(np.geomspace(5, len(judged), 60).astype(int))
    for name, predictor in predictors.items():
        steps = predictor.epochs(len(known))
        with progress_bar(f"learning from {len(known)} labels, {name}", steps) as bar:
            predictor.fit(table.select(known), metrics=[benchmark.metric], reference=table, on_epoch=bar.reach)
        predictions[name], _ = predictor.predict(table)
        methods.append({"method": name, **summary(predictions[name][judged], accuracy[judged])})
        curves[name] = (ks, precision_curve(predictions[name][judged], accuracy[judged], ks))
    curves["chance"] = (ks, ks / len(judged))

    trained = [each for each in embedders if "task" in each.history]
    losses = {
        f"pre-training: {each.history['task']}, {part}": values
        for each in trained
        for part, values in each.history["losses"].items()
    }
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
                    f"{len(trained)} encoders, {pretrain_epochs} epochs each, by "
                    f"{' and '.join(each.history['task'] for each in trained)} with {len(proxies)} zero-cost proxies, "
                    "no labels",
                ),
                ("supervised only", f"{MEMBERS} gated GCNs of width {preset.width}, {epochs} epochs"),
                (
                    f"recipe {DEFAULT}",
                    "weights: " + ", ".join(f"{each.name} {each.weight:.2f}" for each in stacked.stacking.shares),
                ),
                ("seconds", f"{seconds:.0f}"),
            ],
            comparison=methods,
            predicted=predictions[DEFAULT],
            measured=accuracy,
            fitted=np.isin(np.arange(len(table)), known),
            precision_curves=curves,
            loss_curves=losses,
            embeddings=stacked.embed(architectures),
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
