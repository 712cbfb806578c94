"""A perceptron on features of architectures and a learned embedding of the device, as in MultiPredict.

Source: Akhauri and Abdelfattah, "Multi-Predict: Few Shot Predictors For Efficient Neural Architecture Search", AutoML
2023. It reads zero-cost proxies; not all of these tables have any, so counts of operations stand in for them.
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
"""Of training on the source devices."""
TUNED_STEPS, TUNED_RATE = 60, 1e-3
"""Of training on the new device's measurements, all at once."""


class DevicePerceptron(nn.Module):
    """f(x, e_device): two hidden layers on features and the device's embedding."""

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
    """Train on source devices; one more embedding is kept for the new one.

    Args:
        x: (N, F) features of all architectures.
        measured: (n,) architectures that the D devices measured.
        measurements: (n, D) standardised logarithms of latencies.
        seed: Of weights and batches.
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
    """Scores of the judged rows on a new device, whose embedding starts as that of the source most like it.

    Args:
        model: As `of_sources` trained it; it stays as it is.
        x: (N, F) features of all architectures.
        measurements: (n, D) what the source devices say of the n measured architectures, measured or predicted.
        rows: (n,) architectures that the new device measured.
        labels: (n,) logarithms of their latencies.
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
