"""LeDG-Former on ncnn's benchmark: embedded texts of graphs and devices, fused in the head; all folds train at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import LeDGFormer, stack
from archflow.encoders.dropout import dropout
from archflow.encoders.layers import Linear
from archflow.encoders.preparation import Preparation
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.seeding import member_streams, seeded
from archflow_reproduce.devices.ncnn_baselines import typical
from archflow_reproduce.devices.ncnn_runs import Runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LeDGSettings:
    """Settings of LeDG-Former and its training; none of them is published.

    Attributes:
        width, depth, heads, masks, text: Sizes of the encoder.
        hidden: Width of the head.
        level: Weight of the error that all networks of a run have in common, relative to that of their differences.
        epochs: Training steps; each uses all networks and all known runs.
    """

    width: int = 16
    depth: int = 2
    heads: int = 2
    masks: int = 3
    text: bool = True
    dropout: float = 0.1
    hidden: int = 32
    level: float = 0.1
    epochs: int = 100
    learning_rate: float = 3e-3
    weight_decay: float = 0.05


class FusedHead(nn.Module):
    """W2 ReLU(A h + B d + b) + c d: the interaction of network and device, and the device's level.

    The device's vector enters after the read-out; the paper does not specify where.
    """

    def __init__(self, dim: int, described: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.network, self.device = Linear(dim, hidden), Linear(described, hidden, bias=False)
        self.out, self.level = Linear(hidden, 1), Linear(described, 1)

    def forward(self, networks: Tensor, devices: Tensor) -> Tensor:
        """(K, G, d), (K, R, D) -> (K, R, G)."""
        devices = dropout(devices, self.dropout, self.training)
        hidden = torch.relu(self.network(networks)[:, None] + self.device(devices)[:, :, None])  # (K, R, G, hidden)
        hidden = dropout(hidden.flatten(1, 2), self.dropout, self.training)
        return self.out(hidden).view(hidden.shape[0], devices.shape[1], -1) + self.level(devices)


class LeDGModel(nn.Module):
    """Encoder and head; the ensemble members are the folds."""

    def __init__(self, encoder: LeDGFormer, described: int, settings: LeDGSettings) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = FusedHead(encoder.dim, described, settings.hidden, settings.dropout)

    def forward(self, batch: Batch, devices: Tensor) -> Tensor:
        """(K, R, G)."""
        embedding = self.encoder.embed(batch)
        return self.head(embedding.view(batch.members, -1, embedding.shape[1]), devices)


def ledg(
    runs: Runs,
    folds: Bools,
    described: Floats,
    settings: LeDGSettings,
    seed: int = 0,
    renamed: Vocabulary | None = None,
) -> tuple[Floats, Floats | None]:
    """Train one member per fold on its known runs; predict the others.

    A member learns the deviation from the typical device of its known runs, in which all devices have equal weight.

    Args:
        runs: R runs of G networks.
        folds: (K, R) which runs each member knows. Every run is unknown to exactly one.
        described: (R, D) descriptions of the devices (`ncnn_runs.described`).
        settings: Settings of encoder, head and training.
        seed: Seed of weights and dropout.
        renamed: Alternative names of the operations, for a second prediction after training.

    Returns:
        (R, G) log milliseconds, and the same under the alternative names, if any.
    """
    preparation = Preparation.of(runs.table.architectures)
    networks = preparation(runs.table.architectures)
    model = _fresh(networks, described.shape[1], settings, len(folds), seed)
    effects = [typical(runs.logs[known]) for known in folds]
    base = np.stack([network + level.mean() for network, level in effects])  # (K, G)
    target = torch.from_numpy(runs.logs[None] - base[:, None]).float()
    weights = torch.from_numpy(_weights(runs, folds)).float()
    there = target.isfinite() & (weights[:, :, None] > 0)
    target = target.nan_to_num()
    batch = _batch(networks, len(folds))
    devices = torch.from_numpy(described).float()[None].expand(len(folds), -1, -1)
    optimizer = torch.optim.AdamW(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=settings.epochs)
    model.train()
    with member_streams([(seed, fold) for fold in range(len(folds))]):
        for _ in range(settings.epochs):
            optimizer.zero_grad()
            loss = _loss(model(batch, devices), target, there, weights, settings.level)
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    found = _joined(model, batch, devices, base, folds)
    if renamed is None:
        return found, None
    if settings.text:
        model.encoder = model.encoder.reading(renamed)
    else:  # an unknown name gets the mean embedding
        changed = [op != new for op, new in zip(networks.vocabulary.ops, renamed.ops, strict=True)]
        with torch.no_grad():
            table = model.encoder.operations.weight
            table[:, changed] = table.mean(1, keepdim=True)
    return found, _joined(model, batch, devices, base, folds)


def _fresh(networks: ArchitectureSet, described: int, settings: LeDGSettings, members: int, seed: int) -> LeDGModel:
    """One member per fold, each with its own weights."""
    made = []
    for member in range(members):
        with seeded(1000 * seed + member):
            encoder = LeDGFormer(
                len(networks.vocabulary),
                settings.width,
                settings.depth,
                settings.heads,
                settings.masks,
                settings.dropout,
                settings.text,
                len(networks.attribute_names),
            )
            model = LeDGModel(encoder, described, settings)
        encoder.describe(networks.vocabulary)
        made.append(model)
    return stack(made)


def _batch(networks: ArchitectureSet, members: int) -> Batch:
    return Batch(networks, np.tile(np.arange(len(networks)), (members, 1)))


def _weights(runs: Runs, folds: Bools) -> Floats:
    """Weights (K, R) of the runs: 0 for unknown ones; those of a device sum to the same value for all devices."""
    counts = {name: (runs.devices == name).sum() for name in np.unique(runs.devices)}
    each = np.array([1 / counts[name] for name in runs.devices])
    weights = folds * each
    return weights / weights.sum(1, keepdims=True)


def _loss(predicted: Tensor, target: Tensor, there: Tensor, weights: Tensor, level: float) -> Tensor:
    """Squared errors of the differences between the networks of a run, plus `level` times that of their mean."""
    error = (predicted - target) * there
    count = there.sum(2).clamp(min=1)
    common = error.sum(2) / count
    apart = ((error - common[:, :, None]) * there).square().sum(2) / count
    return ((apart + level * common.square()) * weights).sum()


@torch.no_grad()
def _joined(model: LeDGModel, batch: Batch, devices: Tensor, base: Floats, folds: Bools) -> Floats:
    """Log milliseconds (R, G), each run predicted by the member that does not know it."""
    predicted = model(batch, devices).numpy() + base[:, None]
    return predicted[np.argmin(folds, 0), np.arange(folds.shape[1])]
