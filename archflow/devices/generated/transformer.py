"""Transformers: of image patches, and of words, each attending to those before it.

Source: Dosovitskiy et al. 2021 (ViT), Radford et al. 2019 (GPT-2), Shazeer 2020 (gated layers), Ainslie et al. 2023
(grouped keys and values).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from annotated_types import Ge, Le
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional

from archflow.devices.generated.family import Family, one_of
from archflow.devices.generated.layers import Activation, activation, norm

_CLASSES = 1000
_PER_HEAD = 32


class Transformer(Family):
    """Blocks of attention and a two-layer network.

    Attributes:
        reads: Patches of an image, or words that attend only to those before them.
        resolution: Height and width of the image; 0 for words.
        patch: Height and width of a patch; 0 for words.
        length: The length of the sequence of words; 0 for an image.
        words: In the vocabulary; 0 for an image.
        width: The width of the states.
        depth: Blocks.
        heads: The heads of the queries.
        key_heads: The heads of keys and values; each serves several heads of the queries.
        inner: Width inside of the two-layer network.
        gated: Whether a third layer gates it.
        fused: Whether attention is one operation, or two products and a softmax.
        act: Activation.
        norm: Normalisation.
    """

    family: Literal["transformer"] = "transformer"
    reads: Literal["patches", "words"]
    resolution: Annotated[int, Ge(0), Le(512)]
    patch: Annotated[int, Ge(0), Le(64)]
    length: Annotated[int, Ge(0), Le(4096)]
    words: Annotated[int, Ge(0), Le(100_000)]
    width: Annotated[int, Ge(8), Le(2048)]
    depth: Annotated[int, Ge(1), Le(48)]
    heads: Annotated[int, Ge(1), Le(64)]
    key_heads: Annotated[int, Ge(1), Le(64)]
    inner: Annotated[int, Ge(8), Le(8192)]
    gated: bool
    fused: bool
    act: Activation
    norm: Literal["layer", "rms"]

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Sizes that no network can have are refused."""
        if self.width % self.heads or self.heads % self.key_heads or self.key_heads not in (1, self.heads):
            raise ValueError("the width is no multiple of heads, or the heads are neither key_heads, 1 nor all")
        if self.reads == "patches" and (not self.patch or self.resolution < self.patch):
            raise ValueError("an image has no patch")
        if self.reads == "words" and (not self.length or not self.words):
            raise ValueError("there are no words")
        return self

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> Self:
        heads = int(generator.integers(2, 13))
        images = bool(generator.random() < 0.5)
        patch = int(one_of(generator, (8, 16, 32), (0.25, 0.5, 0.25)))
        size = _PER_HEAD
        if generator.random() >= 0.7:
            heads, size = max(1, heads // 2), 2 * _PER_HEAD
        width = size * heads
        return cls(
            reads="patches" if images else "words",
            resolution=patch * int(generator.integers(4, 14)) if images else 0,
            patch=patch if images else 0,
            length=0 if images else 8 * int(generator.integers(2, 33)),
            words=0 if images else int(one_of(generator, (500, 2000, 8000, 16000))),
            width=width,
            depth=int(generator.integers(2, 13)),
            heads=heads,
            key_heads=1 if not images and generator.random() < 0.25 else heads,
            inner=8 * round(width * generator.uniform(1, 4) / 8),
            gated=bool(generator.random() < 0.3),
            fused=bool(generator.random() < 0.6),
            act=one_of(generator, ("gelu", "silu", "relu"), (0.5, 0.3, 0.2)),
            norm=one_of(generator, ("layer", "rms"), (0.65, 0.35)),
        )

    def network(self) -> nn.Module:
        return PatchTransformer(self) if self.reads == "patches" else WordTransformer(self)

    def inputs(self) -> tuple[Tensor, ...]:
        if self.reads == "patches":
            return (torch.randn(1, 3, self.resolution, self.resolution),)
        return (torch.randint(self.words, (1, self.length)),)


class PatchTransformer(nn.Module):
    """(1, 3, H, W) -> (1, classes)."""

    def __init__(self, of: Transformer) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, of.width, of.patch, of.patch)
        self.token = nn.Parameter(torch.randn(1, 1, of.width))
        self.positions = nn.Parameter(torch.randn(1, (of.resolution // of.patch) ** 2 + 1, of.width))
        self.blocks = nn.Sequential(*(Block(of) for _ in range(of.depth)))
        self.norm, self.head = norm(of.norm, of.width), nn.Linear(of.width, _CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token, x], 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


class WordTransformer(nn.Module):
    """(1, L) -> (1, L, words)."""

    def __init__(self, of: Transformer) -> None:
        super().__init__()
        self.embedding = nn.Embedding(of.words, of.width)
        self.positions = nn.Parameter(torch.randn(1, of.length, of.width))
        self.blocks = nn.Sequential(*(Block(of) for _ in range(of.depth)))
        self.norm, self.head = norm(of.norm, of.width), nn.Linear(of.width, of.words, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        x = self.embedding(words) + self.positions
        return self.head(self.norm(self.blocks(x)))


class Block(nn.Module):
    """Attention, then a two-layer network, each added to what it reads: (1, L, d) -> (1, L, d)."""

    def __init__(self, of: Transformer) -> None:
        super().__init__()
        self.attention, self.norms = Attention(of), nn.ModuleList(norm(of.norm, of.width) for _ in range(2))
        self.up, self.down = nn.Linear(of.width, of.inner), nn.Linear(of.inner, of.width)
        self.gate = nn.Linear(of.width, of.inner, bias=False) if of.gated else None
        self.act = activation(of.act)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norms[0](x))
        y = self.norms[1](x)
        inner = self.act(self.up(y))
        if self.gate is not None:
            inner = inner * self.gate(y)
        return x + self.down(inner)


class Attention(nn.Module):
    """(1, L, d) -> (1, L, d)."""

    def __init__(self, of: Transformer) -> None:
        super().__init__()
        self.heads, self.key_heads, self.size = of.heads, of.key_heads, of.width // of.heads
        self.query, self.out = nn.Linear(of.width, of.width), nn.Linear(of.width, of.width)
        self.key, self.value = (nn.Linear(of.width, of.key_heads * self.size) for _ in range(2))
        self.causal, self.fused = of.reads == "words", of.fused
        hidden = torch.full((of.length, of.length), -torch.inf).triu(1)
        self.register_buffer("hidden", hidden if self.causal and not of.fused else None)

    def forward(self, x: Tensor) -> Tensor:
        query = self._split(self.query(x), self.heads)
        key, value = (self._split(layer(x), self.key_heads) for layer in (self.key, self.value))
        if self.key_heads < self.heads:
            key, value = (each.expand(-1, self.heads, -1, -1) for each in (key, value))
        if self.fused:
            mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        else:
            scores = query @ key.transpose(-2, -1) * self.size**-0.5
            mixed = (scores if self.hidden is None else scores + self.hidden).softmax(-1) @ value
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor, heads: int) -> Tensor:
        """(1, L, heads * size) -> (1, heads, L, size)."""
        return x.unflatten(2, (heads, self.size)).transpose(1, 2)
