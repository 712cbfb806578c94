"""Recurrent networks over words or over frames of sound.

Source: Hochreiter and Schmidhuber 1997 (LSTM), Cho et al. 2014 (GRU).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from archflow.devices.generated.family import Family, one_of

_FEATURES = 80
"""The numbers of a frame of sound."""


class Recurrent(Family):
    """Recurrent layers behind an embedding of words, or behind convolutions over frames.

    Attributes:
        reads: Words, or frames of 80 features.
        cell: Kind of the recurrent layers.
        length: Words or frames.
        words: In the vocabulary; 0 for frames.
        convolutions: Over frames, each with a stride of 2; 0 for words.
        width: The width of what the recurrent layers read.
        states: Width of their states.
        depth: Recurrent layers.
        both: Whether they read in both directions.
        classes: Among which the last layer decides at every position.
    """

    family: Literal["recurrent"] = "recurrent"
    reads: Literal["words", "frames"]
    cell: Literal["lstm", "gru"]
    length: Annotated[int, Ge(1), Le(4096)]
    words: Annotated[int, Ge(0), Le(100_000)]
    convolutions: Annotated[int, Ge(0), Le(4)]
    width: Annotated[int, Ge(8), Le(2048)]
    states: Annotated[int, Ge(8), Le(2048)]
    depth: Annotated[int, Ge(1), Le(12)]
    both: bool
    classes: Annotated[int, Ge(2), Le(100_000)]

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> Self:
        frames = bool(generator.random() < 0.5)
        return cls(
            reads="frames" if frames else "words",
            cell=one_of(generator, ("lstm", "gru")),
            length=8 * int(generator.integers(2, 33)),
            words=0 if frames else int(one_of(generator, (1000, 4000, 16000))),
            convolutions=int(generator.integers(1, 3)) if frames else 0,
            width=32 * int(generator.integers(1, 13)),
            states=32 * int(generator.integers(1, 13)),
            depth=int(generator.integers(1, 5)),
            both=bool(generator.random() < 0.4),
            classes=int(one_of(generator, (10, 50, 500, 2000))),
        )

    def network(self) -> nn.Module:
        return RecurrentNetwork(self)

    def inputs(self) -> tuple[Tensor, ...]:
        if self.reads == "frames":
            return (torch.randn(1, _FEATURES, self.length),)
        return (torch.randint(self.words, (1, self.length)),)

    @property
    def multiply_adds(self) -> float:
        length, weights = self.length / 2**self.convolutions, 0
        gates, directions = (4 if self.cell == "lstm" else 3), 2 if self.both else 1
        for layer in range(self.depth):
            width = self.width if layer == 0 else directions * self.states
            weights += directions * gates * self.states * (width + self.states)
        return length * (weights + directions * self.states * self.classes)


class RecurrentNetwork(nn.Module):
    """(1, L) words or (1, 80, L) frames -> (1, L', classes)."""

    def __init__(self, of: Recurrent) -> None:
        super().__init__()
        self.embedding = nn.Embedding(of.words, of.width) if of.reads == "words" else None
        layers = [
            layer
            for number in range(of.convolutions)
            for layer in (nn.Conv1d(of.width if number else _FEATURES, of.width, 5, 2, 2), nn.ReLU())
        ]
        self.convolutions = nn.Sequential(*layers)
        cell = nn.LSTM if of.cell == "lstm" else nn.GRU
        self.recurrent = cell(of.width, of.states, of.depth, batch_first=True, bidirectional=of.both)
        self.head = nn.Linear(of.states * (2 if of.both else 1), of.classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolutions(x).transpose(1, 2) if self.embedding is None else self.embedding(x)
        return self.head(self.recurrent(x)[0])
