"""Comparisons of embeddings, by shape and value, for the contracts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler
from typing import TypeVar

import torch
from torch import Tensor

from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch

Part = TypeVar("Part")

TOLERANCE = 2e-5
"""Absolute and relative tolerance of float32 sums whose order or batch shape changes."""


@torch.no_grad()
def embed(encoder: Encoder, architectures: ArchitectureSet) -> Tensor:
    """(N, d) the embeddings of all architectures, in the encoder's current mode."""
    return encoder.embed(Batch(architectures))


def same_shape(tensor: Tensor, shape: tuple[int, ...], contract: str) -> None:
    """Raise AssertionError with the violated clause of the contract if the shape differs."""
    assert tuple(tensor.shape) == shape, f"broken: {contract}; it is {tuple(tensor.shape)}, not {shape}"


def same(found: Tensor, expected: Tensor, contract: str) -> None:
    assert torch.equal(found, expected), f"broken: {contract}"


def close(found: Tensor, expected: Tensor, contract: str) -> None:
    same_shape(found, tuple(expected.shape), contract)
    if not torch.allclose(found, expected, TOLERANCE, TOLERANCE):
        raise AssertionError(f"broken: {contract} (off by {float((found - expected).abs().max()):.2g})")


def sent(part: Part) -> Iterator[tuple[str, Part]]:
    """The component as copied and as pickled: yields a description and the component."""
    yield "copied", copy.deepcopy(part)
    yield "pickled", ForkingPickler.loads(ForkingPickler.dumps(part))  # pyright: ignore[reportAttributeAccessIssue]
