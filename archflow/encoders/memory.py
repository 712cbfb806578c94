"""Checks, before the work starts, that the memory for a set of architectures suffices."""

from __future__ import annotations

import numpy as np
import torch

from archflow.encoders.base import Encoder
from archflow.errors import ArchflowError
from archflow.graph.ragged import Ints
from archflow.memory import available as main_memory


def check_evaluation(encoder: Encoder, sizes: Ints, device: torch.device | str = "cpu") -> None:
    """Refuse architectures that are too large to embed.

    Args:
        encoder: The encoder whose memory is estimated.
        sizes: (n,) nodes of the architectures. Batches are cut to size, so only the largest matters.
        device: Where to compute.

    Raises:
        ArchflowError: If the largest architecture alone needs more memory than there is.
    """
    _check(encoder, np.sort(sizes)[-1:], device, training=False)


def check_training(encoder: Encoder, sizes: Ints, batch: int, device: torch.device | str = "cpu") -> None:
    """Refuse architectures that are too large to train on.

    Args:
        encoder: The encoder whose memory is estimated.
        sizes: (n,) nodes of the architectures.
        batch: Architectures in a batch, of all members together. Batches are random, so the largest ones may meet.
        device: Where to compute.

    Raises:
        ArchflowError: If a batch of the largest architectures needs more memory than there is.
    """
    _check(encoder, np.sort(sizes)[-batch:], device, training=True)


def _check(encoder: Encoder, sizes: Ints, device: torch.device | str, training: bool) -> None:
    needed, there = encoder.memory(sizes, training), available(torch.device(device))
    if needed > there:
        batch = f"a batch of {len(sizes)} with " if len(sizes) > 1 else ""
        raise ArchflowError(
            f"{type(encoder).__name__}: {batch}the largest architecture, of {sizes[-1]:,} nodes, takes about "
            f"{needed / 1e9:,.0f} GB of the {there / 1e9:,.0f} GB there are, since its memory grows with the square of "
            "the nodes; use an encoder with linear memory, such as gated_gcn or gin, or leave that architecture out"
        )


def available(device: torch.device) -> int:
    """Bytes that this process can have on a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return main_memory()
