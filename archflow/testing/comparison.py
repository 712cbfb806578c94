"""What the contracts compare: embeddings, in shape and value."""

from __future__ import annotations

import torch
from torch import Tensor

from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch

TOLERANCE = 2e-5
"""Absolute and relative: what float32 sums may differ by when their order or the batch's shape changes."""


@torch.no_grad()
def embed(encoder: Encoder, architectures: ArchitectureSet) -> Tensor:
    """(N, d) the embeddings of all architectures, in the mode that the encoder is in."""
    return encoder.embed(Batch(architectures))


def same_shape(tensor: Tensor, shape: tuple[int, ...], contract: str) -> None:
    """Raises AssertionError, as the two below, with the clause of the contract that is broken."""
    assert tuple(tensor.shape) == shape, f"broken: {contract}; it is {tuple(tensor.shape)}, not {shape}"


def same(found: Tensor, expected: Tensor, contract: str) -> None:
    assert torch.equal(found, expected), f"broken: {contract}"


def close(found: Tensor, expected: Tensor, contract: str) -> None:
    difference = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    assert torch.allclose(found, expected, TOLERANCE, TOLERANCE), f"broken: {contract} (off by {difference:.2g})"
