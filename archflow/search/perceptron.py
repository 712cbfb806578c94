"""Ensembles of multilayer perceptrons on encodings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders.layers import Linear
from archflow.encoders.members import stack
from archflow.graph import ArchitectureSet
from archflow.search.lessons import Encoding, Scale, fit_alike
from archflow.search.model_based import Lesson, Model, Values
from archflow.search.training import Training, train

AT_ONCE = 1 << 24
"""Largest number of activations per layer in one prediction batch."""


class Perceptron(nn.Module):
    """`depth` layers of `width` units with an activation, then one output.

    Weights are initialised after Glorot and Bengio and biases at 0, as in Keras and scikit-learn: with torch's default
    initialisation, hardly any gradient passes through ten layers of 20 units.
    """

    def __init__(self, n_in: int, width: int, depth: int, activation: Callable[[Tensor], Tensor] = torch.relu) -> None:
        super().__init__()
        self.activation = activation
        self.layers = nn.ModuleList(Linear(width if i else n_in, width) for i in range(depth))
        self.out = Linear(width, 1)
        for layer in (*self.layers, self.out):
            bound = math.sqrt(6 / sum(layer.weight.shape[1:]))  # type: ignore[union-attr]
            nn.init.uniform_(layer.weight, -bound, bound)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def hidden(self, x: Tensor) -> Tensor:
        """(K, N, F) -> (K, N, width), the output of the last hidden layer."""
        for layer in self.layers:
            x = self.activation(layer(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """(K, N, F) -> (K, N)."""
        return self.out(self.hidden(x))[..., 0]


def fit_perceptrons(
    lessons: Sequence[Lesson],
    features: Sequence[str],
    shape: tuple[int, int],
    members: int,
    loss: Callable[[Tensor], Tensor],
    training: Training,
) -> list[Model]:
    """Train an ensemble of perceptrons per lesson on standardised labels.

    Args:
        lessons: L lessons.
        features: Names of features; the first that has columns in a space is its encoding.
        shape: Width and depth.
        members: Members per ensemble, which differ in initial weights and in the order of batches.
        loss: Errors (K, n) -> elementwise losses, such as their squares.
        training: Training settings of each perceptron.
    """
    encodings = [Encoding.of(lesson.problem.space, features) for lesson in lessons]
    inputs = [encode(lesson.table.architectures) for encode, lesson in zip(encodings, lessons, strict=True)]
    scales = [Scale.of(lesson.y) for lesson in lessons]

    def fit(group: Sequence[int]) -> list[Model]:
        x = torch.from_numpy(np.stack([inputs[number] for number in group]))
        y = torch.tensor(np.stack([scales[number].down(lessons[number].y) for number in group]), dtype=torch.float32)
        seeds = [lessons[number].seed for number in group]
        trained = train_perceptrons(x, y, seeds, lambda: Perceptron(x.shape[2], *shape), members, loss, training)
        ensembles = [stack(trained[first : first + members]).eval() for first in range(0, len(trained), members)]
        each = zip(group, ensembles, strict=True)
        return [_Ensemble(encodings[number], own, scales[number], shape[0] * members) for number, own in each]

    return fit_alike(lessons, [x.shape for x in inputs], fit)


def train_perceptrons(
    x: Tensor,
    y: Tensor,
    seeds: Sequence[int],
    make: Callable[[], Perceptron],
    members: int,
    loss: Callable[[Tensor], Tensor],
    training: Training,
) -> list[Perceptron]:
    """Train L * members perceptrons; the members of a lesson are consecutive.

    Args:
        x: (L, n, F) inputs.
        y: (L, n) labels.
        seeds: L seeds, one per lesson.
        make: Builds a perceptron with random initial weights.
        members, loss, training: See `fit_perceptrons`.
    """
    keys = [(seed, member) for seed in seeds for member in range(members)]

    def errors(model: Perceptron, networks: Sequence[int], rows: NDArray[np.int64]) -> Tensor:
        own = torch.tensor([network // members for network in networks])[:, None]
        chosen = torch.from_numpy(rows)
        return loss(model(x[own, chosen]) - y[own, chosen]).mean(1)

    return train(make, keys, x.shape[1], errors, training)


class _Ensemble:
    """An ensemble of perceptrons as a model; the standard deviation is that between members."""

    def __init__(self, encoding: Encoding, network: Perceptron, scale: Scale, cost: int) -> None:
        self.encoding, self.network, self.scale = encoding, network, scale
        self.step = max(1, AT_ONCE // cost)

    @torch.inference_mode()
    def __call__(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        x = torch.from_numpy(self.encoding(architectures))
        members = len(self.network.out.weight)
        found = [self.network(part.expand(members, -1, -1)) for part in x.split(self.step)] if len(x) else []
        scores = torch.cat(found, 1).double().numpy() if found else np.empty((members, 0))
        return self.scale.up(scores.mean(0)), self.scale.spread * scores.std(0)
