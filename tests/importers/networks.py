"""Ten small networks of different kinds, and what they are called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Residual(nn.Module):
    """A stem and two residual blocks, the second with a stride and a projection."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        self.first = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.second = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16))
        self.project = nn.Conv2d(8, 16, 1, 2)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = functional.relu(x + self.first(x))
        x = functional.relu(self.project(x) + self.second(x))
        return self.head(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class Depthwise(nn.Module):
    """Inverted bottlenecks, with ReLU6 and hard swish."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, 2, 1), nn.Hardswish()),
            *(nn.Conv2d(8, 24, 1), nn.BatchNorm2d(24), nn.ReLU6()),
            *(nn.Conv2d(24, 24, 5, 2, 2, groups=24, bias=False), nn.BatchNorm2d(24), nn.ReLU6()),
            *(nn.Conv2d(24, 12, 1, bias=False), nn.BatchNorm2d(12), nn.Dropout(0.1)),
        )
        self.head = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).mean((2, 3)))


class SqueezeExcite(nn.Module):
    """A convolution whose channels are weighted by what all positions say."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1, groups=1)
        self.squeeze, self.excite = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.head = nn.Conv2d(16, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.silu(self.conv(x))
        weight = torch.sigmoid(self.excite(functional.relu(self.squeeze(functional.adaptive_avg_pool2d(x, 1)))))
        return self.head(x * weight)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, causal: bool = False) -> None:
        super().__init__()
        self.queries, self.keys, self.values = (nn.Linear(width, width, bias=not causal) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.heads, self.causal = heads, causal

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        queries, keys, values = (
            layer(x).view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for layer in (self.queries, self.keys, self.values)
        )
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class VisionTransformer(nn.Module):
    """Patches, a class token, learned positions, two blocks."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, width)), nn.Parameter(torch.zeros(1, 17, width))
        self.attentions = nn.ModuleList(Attention(width, 4) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(5))
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 32), nn.GELU(), nn.Linear(32, width)) for _ in range(2)
        )
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        for block in range(2):
            x = x + self.attentions[block](self.norms[2 * block](x))
            x = x + self.mlps[block](self.norms[2 * block + 1](x))
        return self.head(self.norms[4](x)[:, 0])


class RootMeanSquare(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.scale


class Decoder(nn.Module):
    """A language model: causal attention, gated layers, an embedding that is also the last layer's weight."""

    def __init__(self, width: int = 16, words: int = 50) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.norms = nn.ModuleList(RootMeanSquare(width) for _ in range(3))
        self.attention = Attention(width, 2, causal=True)
        self.gate, self.up, self.down = (
            nn.Linear(a, b, bias=False) for a, b in ((width, 24), (width, 24), (24, width))
        )
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, words: Tensor) -> Tensor:
        x = self.embedding(words)
        x = x + self.attention(self.norms[0](x))
        y = self.norms[1](x)
        x = x + self.down(functional.silu(self.gate(y)) * self.up(y))
        return self.head(self.norms[2](x))


class Recurrent(nn.Module):
    """An embedding, two layers of LSTM, one of GRU in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8)
        self.lstm = nn.LSTM(8, 12, num_layers=2)
        self.gru = nn.GRU(12, 6, bidirectional=True)
        self.head = nn.Linear(12, 3)

    def forward(self, words: Tensor) -> Tensor:
        x, _ = self.lstm(self.embedding(words))
        x, _ = self.gru(x)
        return self.head(x)


class UNet(nn.Module):
    """Down, up, and across."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.mix, self.head = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        across = functional.leaky_relu(self.down(x))
        deep = functional.leaky_relu(self.deep(functional.avg_pool2d(across, 2)))
        x = functional.relu(self.mix(torch.cat([across, self.up(deep)], 1)))
        return functional.interpolate(self.head(x), scale_factor=2.0, mode="nearest")


class Mixer(nn.Module):
    """Layers across tokens and across channels in turn."""

    def __init__(self, tokens: int = 16, width: int = 12) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.across = nn.Sequential(nn.Linear(tokens, 24), nn.GELU(), nn.Linear(24, tokens))
        self.along = nn.Sequential(nn.Linear(width, 20), nn.GELU(), nn.Linear(20, width))
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = x + self.across(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        x = x + self.along(self.norms[1](x))
        return self.head(x.mean(1))


class TwoInputs(nn.Module):
    """An image and a vector, with two results."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 8, 3, 2), nn.Linear(5, 8)
        self.heads = nn.ModuleList(nn.Linear(8, size) for size in (3, 1))

    def forward(self, image: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
        x = functional.elu(self.conv(image)).mean((2, 3))
        x = torch.tanh(x * functional.softplus(self.dense(vector)) - x / 2)
        return self.heads[0](x), torch.sigmoid(self.heads[1](x))


class Shared(nn.Module):
    """One convolution three times, one matrix in two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, padding=1)
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(3):
            x = functional.relu(self.conv(x))
        first, second = torch.chunk(x.amax((2, 3)).repeat(1, 2), 2, dim=1)
        return functional.log_softmax(self.second(self.first(first)) * second, -1)


@dataclass(frozen=True)
class Case:
    """A network and what it is called with."""

    build: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]


def _image(channels: int = 3, size: int = 32) -> Callable[[], tuple[Any, ...]]:
    return lambda: (torch.zeros(1, channels, size, size),)


NETWORKS = {
    "residual": Case(Residual, _image()),
    "depthwise": Case(Depthwise, _image()),
    "squeeze_excite": Case(SqueezeExcite, _image()),
    "vision_transformer": Case(VisionTransformer, _image()),
    "decoder": Case(Decoder, lambda: (torch.zeros(1, 9, dtype=torch.int64),)),
    "recurrent": Case(Recurrent, lambda: (torch.zeros(7, 1, dtype=torch.int64),)),
    "unet": Case(UNet, _image(1, 16)),
    "mixer": Case(Mixer, _image()),
    "two_inputs": Case(TwoInputs, lambda: (torch.zeros(1, 3, 16, 16), torch.zeros(1, 5))),
    "shared": Case(Shared, _image(3, 8)),
}
