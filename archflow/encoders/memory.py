"""Whether an encoder's memory lasts for a set of architectures: said in one line before the work starts."""

from __future__ import annotations

import numpy as np
import torch

from archflow.encoders.base import Encoder
from archflow.errors import ArchflowError
from archflow.graph.ragged import Ints
from archflow.memory import available as main_memory


def check_evaluation(encoder: Encoder, sizes: Ints, device: torch.device | str = "cpu") -> None:
    """Refuse to embed what cannot be embedded.

    Args:
        encoder: Whose memory counts.
        sizes: (n,) nodes of the architectures. Batches are cut to size, so that the largest alone decides.
        device: Where it would be computed.

    Raises:
        ArchflowError: If the largest architecture alone takes more memory than there is.
    """
    _check(encoder, np.sort(sizes)[-1:], device, training=False)


def check_training(encoder: Encoder, sizes: Ints, batch: int, device: torch.device | str = "cpu") -> None:
    """Refuse to train on what cannot be trained on.

    Args:
        encoder: Whose memory counts.
        sizes: (n,) nodes of the architectures.
        batch: Architectures in a batch, of all members together; their mates are drawn at random.
        device: Where it would be computed.

    Raises:
        ArchflowError: If a batch of the largest architectures takes more memory than there is.
    """
    _check(encoder, np.sort(sizes)[-batch:], device, training=True)


def _check(encoder: Encoder, sizes: Ints, device: torch.device | str, training: bool) -> None:
    needed, there = encoder.memory(sizes, training), available(torch.device(device))
    if needed > there:
        batch = f"a batch of {len(sizes)} with " if len(sizes) > 1 else ""
        raise ArchflowError(
            f"{type(encoder).__name__}: {batch}the largest architecture, of {sizes[-1]:,} nodes, takes about "
            f"{needed / 1e9:,.0f} GB of the {there / 1e9:,.0f} GB there are, since its memory grows with the square of "
            "the nodes; take an encoder whose memory does not, such as gated_gcn or gin, or leave that architecture out"
        )


def available(device: torch.device) -> int:
    """Bytes that this process can have on a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return main_memory()
