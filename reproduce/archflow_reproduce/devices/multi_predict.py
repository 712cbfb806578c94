"""A perceptron on features of architectures and a learned embedding of the device, as in MultiPredict.

Source: Akhauri and Abdelfattah, "Multi-Predict: Few Shot Predictors For Efficient Neural Architecture Search", AutoML
2023. The paper reads zero-cost proxies; since some of these tables lack them, the features can be operation counts.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.predict.metrics import spearman
from archflow.seeding import seeded

Floats = NDArray[np.float64]

HIDDEN, DEVICE = 128, 16
STEPS, BATCH, RATE = 400, 512, 3e-3
"""Steps, batch size and learning rate of training on the source devices."""
TUNED_STEPS, TUNED_RATE = 60, 1e-3
"""Full-batch steps on the measurements of the new device, and their learning rate."""


class DevicePerceptron(nn.Module):
    """f(x, e_device): two hidden layers on the features and the device's embedding."""

    def __init__(self, features: int, devices: int) -> None:
        super().__init__()
        self.devices = nn.Embedding(devices, DEVICE)
        self.layers = nn.Sequential(
            *(nn.Linear(features + DEVICE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, x: Tensor, device: Tensor) -> Tensor:
        """(n, F) features, (n,) devices -> (n,)."""
        return self.layers(torch.cat([x, self.devices(device)], 1))[:, 0]


def of_sources(x: Floats, measured: NDArray[np.int64], measurements: Floats, seed: int = 0) -> DevicePerceptron:
    """Train on the source devices; one more embedding is reserved for the new one.

    Args:
        x: (N, F) features of all architectures.
        measured: (n,) architectures that were measured on the D devices.
        measurements: (n, D) standardised log latencies.
        seed: Seed of weights and batches.
    """
    features, targets = torch.from_numpy(x[measured]).float(), torch.from_numpy(measurements).float()
    count, devices = targets.shape
    with seeded(seed):
        model = DevicePerceptron(x.shape[1], devices + 1)
        optimiser = torch.optim.Adam(model.parameters(), RATE)
        for _ in range(STEPS):
            row, device = torch.randint(count, (BATCH,)), torch.randint(devices, (BATCH,))
            _step(model, optimiser, features[row], device, targets[row, device])
    return model


def ranked(
    model: DevicePerceptron, x: Floats, measurements: Floats, rows: NDArray, labels: Floats, judged: NDArray
) -> Floats:
    """Compute scores of rows on a new device, whose embedding is initialised from the most similar source's.

    Args:
        model: A model from `of_sources`; it is not changed.
        x: (N, F) features of all architectures.
        measurements: (n, D) latencies of the n measured architectures on the source devices, measured or predicted.
        rows: (n,) architectures that were measured on the new device.
        labels: (n,) their log latencies.
        judged: (m,) rows to rank.
    """
    nearest = int(np.argmax([spearman(column, labels) for column in measurements.T]))
    tuned = copy.deepcopy(model)
    new = measurements.shape[1]
    with torch.no_grad():
        tuned.devices.weight[new] = tuned.devices.weight[nearest]
    optimiser = torch.optim.Adam(tuned.parameters(), TUNED_RATE)
    features, targets = torch.from_numpy(x).float(), torch.from_numpy((labels - labels.mean()) / labels.std()).float()
    device = torch.full((len(x),), new)
    for _ in range(TUNED_STEPS):
        _step(tuned, optimiser, features[rows], device[: len(rows)], targets)
    with torch.no_grad():
        return tuned(features[judged], device[: len(judged)]).numpy().astype(float)


def _step(model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, device: Tensor, targets: Tensor) -> None:
    optimiser.zero_grad()
    (model(x, device) - targets).square().mean().backward()
    optimiser.step()
