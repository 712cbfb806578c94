"""Networks in torch that are as large as one likes: to see what importing them takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Residual(nn.Module):
    """A stem and bottlenecks around which the input is added.

    Args:
        blocks: Bottlenecks.
        width: Channels of the stem.
    """

    def __init__(self, blocks: int, width: int = 256) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.ModuleList(_bottleneck(width, width // 4) for _ in range(blocks))
        self.head = nn.Linear(width, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = functional.relu(x + block(x))
        return self.head(x.mean((2, 3)))


def _bottleneck(width: int, inner: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(width, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU()),
        *(nn.Conv2d(inner, inner, 3, padding=1, bias=False), nn.BatchNorm2d(inner), nn.ReLU()),
        *(nn.Conv2d(inner, width, 1, bias=False), nn.BatchNorm2d(width)),
    )


class Mobile(nn.Module):
    """Inverted bottlenecks with squeeze and excitation.

    Args:
        blocks: Bottlenecks.
        width: Channels between them.
    """

    def __init__(self, blocks: int, width: int = 96) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.blocks = nn.ModuleList(_Inverted(width) for _ in range(blocks))
        self.head = nn.Linear(width, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.hardswish(self.stem(x))
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean((2, 3)))


class _Inverted(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = 4 * width
        self.expand = nn.Sequential(nn.Conv2d(width, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(inner, inner, 5, 1, 2, groups=inner), nn.BatchNorm2d(inner))
        self.squeeze, self.excite = nn.Conv2d(inner, width, 1), nn.Conv2d(width, inner, 1)
        self.project = nn.Sequential(nn.Conv2d(inner, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.hardswish(self.depthwise(self.expand(x)))
        weight = self.excite(functional.relu(self.squeeze(x.mean((2, 3), keepdim=True))))
        return self.project(x * functional.hardsigmoid(weight))


class Transformer(nn.Module):
    """A language model: causal attention and gated layers.

    Args:
        blocks: Layers.
        width: Of the stream between them.
        words: Of the vocabulary.
    """

    def __init__(self, blocks: int, width: int = 4096, words: int = 32_000) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(blocks))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        x = self.embedding(words)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class _Block(nn.Module):
    def __init__(self, width: int, head: int = 128) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.queries, self.keys, self.values, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, 4 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(4 * width, width, bias=False)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        y = self.norms[0](x)
        parts = (layer(y).unflatten(-1, (-1, self.head)).transpose(1, 2) for layer in self._projections())
        mixed = functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        y = self.norms[1](x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))

    def _projections(self) -> tuple[nn.Module, ...]:
        return self.queries, self.keys, self.values


def _image() -> tuple[Any, ...]:
    return (torch.zeros(1, 3, 224, 224, device="meta"),)


def _words() -> tuple[Any, ...]:
    return (torch.zeros(1, 512, dtype=torch.int64, device="meta"),)


NETWORKS: Mapping[str, tuple[Callable[[int], nn.Module], Callable[[], tuple[Any, ...]], int]] = {
    "residual": (Residual, _image, 10),
    "mobile": (Mobile, _image, 14),
    "transformer": (Transformer, _words, 18),
}
"""By name: what makes a network of so many blocks, what it is called with, and the nodes of a block, about."""
