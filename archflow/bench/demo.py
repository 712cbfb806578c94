"""The main job on the embedded benchmark: pre-train, fit on few labels, rank, compare, report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bench.presets import preset_of
from archflow.bench.report import ranking_report
from archflow.data.benchmarks import BENCHMARKS, load
from archflow.data.proxies import proxy
from archflow.data.splits import labelled_rows
from archflow.encoders import GatedGCN
from archflow.predict import Predictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.metrics import precision_curve, summary
from archflow.pretext import FGP, PretrainSettings, pretrain
from archflow.progress import progress_bar
from archflow.seeding import seeded

MEMBERS = 4


def run_demo(out: Path, labels: float, pretrain_epochs: int, epochs: int, seed: int) -> dict[str, Any]:
    """Run the demo and write the report to `out`. Labels of the judged architectures are used for judging alone."""
    began = time.perf_counter()
    benchmark = BENCHMARKS["digits201"]
    table, preset = load("digits201"), preset_of(benchmark)
    architectures, accuracy = table.architectures, table.metric(benchmark.metric)
    known = labelled_rows(accuracy, labels, seed)
    judged = np.setdiff1d(np.flatnonzero(np.isfinite(accuracy)), known)

    with seeded(seed):
        untrained, encoder = (GatedGCN(len(architectures.vocabulary), preset.width) for _ in range(2))
    with seeded(seed, 2):
        task = FGP(encoder, preset.pretext([benchmark.proxy]))
    with progress_bar(f"pre-training on {len(table):,} cells, no labels", pretrain_epochs) as bar:
        proxies = {benchmark.proxy: proxy(table, benchmark.proxy)}
        losses = pretrain(
            encoder, task, architectures, proxies, PretrainSettings(pretrain_epochs, seed=seed),
            on_epoch=lambda *_: bar.advance(),
        )  # fmt: skip

    methods, curves, predictions = [], {}, {}
    ks = np.unique(np.geomspace(5, len(judged), 60).astype(int))
    loss_curves = {f"pre-training: {part}": values for part, values in losses.items()}
    for name, start in (("supervised", untrained), ("fgp", encoder)):
        predictor = Predictor(start, architectures.vocabulary, MEMBERS, FineTuneSettings(epochs), seed=seed)
        with progress_bar(f"learning from {len(known)} labels, {name}", epochs) as bar:
            tuned = predictor.fit(architectures.select(known), accuracy[known], on_epoch=lambda _: bar.advance())
        predictions[name], _ = predictor.predict(architectures)
        methods.append({"method": name, **summary(predictions[name][judged], accuracy[judged])})
        curves[name] = (ks, precision_curve(predictions[name][judged], accuracy[judged], ks))
        loss_curves[f"fine-tuning: {name}"] = tuned.losses.mean(1).tolist()
        embeddings = predictor.embed(architectures)
    curves["chance"] = (ks, ks / len(judged))

    predicted = predictions["fgp"]
    best = judged[np.argsort(-predicted[judged], kind="stable")[:12]]
    top = [
        {
            "rank": place + 1,
            "predicted": float(predicted[row]),
            "measured": float(accuracy[row]),
            "ops": architectures[int(row)].ops,
            "edges": architectures[int(row)].edges,
            "native": table.native[row] if table.native else None,
        }
        for place, row in enumerate(best)
    ]
    seconds = time.perf_counter() - began
    ranking_report(
        out,
        title="Ranking NAS-Bench-201 cells on digits from a few measurements",
        summary=[
            ("architectures", f"{len(table):,} cells, each really trained three times"),
            ("labels", f"{len(known)} measured accuracies, drawn at random"),
            ("judged on", f"the other {len(judged):,} cells"),
            (
                "pre-training",
                f"{pretrain_epochs} epochs of flow reconstruction and ranking by {benchmark.proxy}, no labels",
            ),
            ("predictor", f"gated GCN of width {preset.width}, {MEMBERS} members, {epochs} epochs"),
            ("seconds", f"{seconds:.0f}"),
        ],
        comparison=methods,
        predicted=predicted,
        measured=accuracy,
        labelled=np.isin(np.arange(len(table)), known),
        precision_curves=curves,
        loss_curves=loss_curves,
        embeddings=embeddings,
        top=top,
        metric="test accuracy",
    )
    return {
        "architectures": len(table),
        "labels": len(known),
        "judged": len(judged),
        "methods": methods,
        "report": str(out),
        "seconds": round(seconds, 1),
    }
