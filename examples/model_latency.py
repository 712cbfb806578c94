"""Predict how long a torch model takes on the processor of `cpu_latency`, and measure it on this machine."""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import nn

from archflow import load
from archflow.devices.measure import latency
from archflow.devices.timing import Protocol
from archflow.importers import table_of
from archflow.importers.torch_export import from_module
from archflow.predict import StackedPredictor
from archflow.predict.latency_baselines import BASELINES
from archflow.predict.metrics import regression_summary
from archflow.predict.objectives import Log

METRIC = "latency_ms_1_eager"
COSTS = ["params", "macs", "bytes", "nodes"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=300, help="measured networks to learn from")
    parser.add_argument("--components", default="boosted,line,ridge", help="what the predictor blends")
    parser.add_argument("--channels", type=int, default=32, help="width of the model")
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each pass of the measurement")
    parser.add_argument("--agree", type=float, default=0.05, help="how far two passes may differ")
    return parser.parse_args()


def small_network(channels: int, blocks: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, channels, 3, stride=2, padding=1), nn.ReLU()]
    for _ in range(blocks):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def main() -> None:
    options = arguments()
    table = load("cpu_latency")
    rows = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(table.metric(METRIC))))
    learnt, others = table.select(rows[: options.labels]), table.select(rows[options.labels :])

    predictor = StackedPredictor(
        components=options.components.split(","),
        features=["counts", "columns"],
        columns=COSTS,
        objective=Log(lower_is_better=True),
    )
    predictor.fit(learnt, metrics=[METRIC])
    baseline = BASELINES["flops"]().fit(learnt, learnt.metric(METRIC))

    print(f"learnt from {len(learnt)} networks; mean absolute percentage error on {len(others)} others:")
    for name, predicted in {"predictor": predictor.predict(others).mean, "flops": baseline.predict(others)}.items():
        print(f"  {name:<10} {100 * regression_summary(predicted, others.metric(METRIC))['mape']:5.1f} %")

    network = small_network(options.channels, options.blocks)
    images = torch.zeros(1, 3, options.resolution, options.resolution)
    model = table_of([from_module(network, (images,), name="small")])
    low, high = predictor.interval(model, 0.8)
    print(f"\nthe model: {model.metric('macs')[0] / 1e6:,.1f} million multiply-adds")
    predicted = predictor.predict(model).mean[0]
    print(f"  predicted for that processor {predicted:8.3f} ms, 80 % {low[0]:.3f} to {high[0]:.3f}")
    print(f"  by flops alone               {baseline.predict(model)[0]:8.3f} ms")
    measured = latency(network.eval(), images, Protocol(seconds=options.seconds, agree=options.agree))
    print(f"  measured on this machine     {measured.latency_ms:8.3f} ms")


if __name__ == "__main__":
    main()
