"""Fine-tune several encoders on the same labels, and compare how well they rank the other architectures."""

from __future__ import annotations

import argparse

import numpy as np

from archflow import FineTuneSettings, NetworkPredictor, create, load
from archflow.predict import StackedPredictor
from archflow.predict.metrics import summary


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits201", help="a data set or a table file")
    parser.add_argument("--metric", default="test_accuracy")
    parser.add_argument("--encoders", default="gated_gcn,gin,mlp", help="kinds, or names of pre-trained encoders")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--members", type=int, default=3, help="networks in each ensemble")
    parser.add_argument("--seed", type=int, default=0, help="draws the labelled architectures")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    table = load(options.data)
    rows = np.random.default_rng(options.seed).permutation(np.flatnonzero(np.isfinite(table.metric(options.metric))))
    labelled, others = table.select(rows[: options.labels]), table.select(rows[options.labels :])
    truth = others.metric(options.metric)

    print(f"{options.data}: {len(labelled):,} labels of {options.metric}, judged on {len(others):,} others\n")
    print("encoder            tau   P@1 %")
    ridge = StackedPredictor(components=["ridge"], columns=[])
    ridge.fit(labelled, metrics=[options.metric], reference=table)
    show("ridge (baseline)", summary(ridge.predict(others).mean, truth))
    for name in options.encoders.split(","):
        embedder = create(name) if "." in name else create(name, table)
        settings = FineTuneSettings(epochs=options.epochs)
        predictor = NetworkPredictor(embedder, members=options.members, settings=settings)
        predictor.fit(labelled, metrics=[options.metric])
        show(name, summary(predictor.predict(others).mean, truth))


def show(name: str, measures: dict[str, float]) -> None:
    print(f"{name:<16} {measures['tau']:.3f}   {measures['p_at_1']:.3f}", flush=True)


if __name__ == "__main__":
    main()
