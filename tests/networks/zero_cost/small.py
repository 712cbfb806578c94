"""Small networks and batches for the tests of zero-cost proxies."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.networks.cell_network import CellNetwork
from archflow.networks.zero_cost import zero_cost

PAIRS = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


NAMES = [
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params", "plain", "snip",
    "synflow", "zen",
]  # fmt: skip


CELL = ["nor_conv_3x3", "skip_connect", "nor_conv_1x1", "avg_pool_3x3", "none", "nor_conv_3x3"]


def network_of(names: list[str], seed: int = 0) -> CellNetwork:
    cell = [(source, target, name) for (source, target), name in zip(PAIRS, names, strict=True)]
    return CellNetwork(cell, channels=4, cells_per_stage=1, image_channels=3, seed=seed)


def batch(count: int = 12, size: int = 8, channels: int = 3, classes: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(count, channels, size, size, generator=generator), torch.arange(count) % classes


def tiny(seed: int = 0) -> nn.Sequential:
    """Two weighted layers without normalisation, so that formulas can be written down."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 16, 4)).double()


def value(name: str, network: nn.Module, images: Tensor, labels: Tensor, seed: int = 0) -> float:
    return zero_cost(network, images, labels, [name], seed)[name]


def gradients(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Weights of the two layers and their gradients, by plain backward."""
    network = copy.deepcopy(network)
    functional.cross_entropy(network(images), labels).backward()
    weights = [network[0].weight, network[3].weight]  # pyright: ignore[reportIndexIssue]
    return [w.detach() for w in weights], [w.grad for w in weights]
