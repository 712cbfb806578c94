"""Embeddings of whole sets, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.encoders.base import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch

BATCH_SIZE = 256
"""Architectures per batch in evaluation; larger batches leave the processor's cache."""


@torch.inference_mode()
def embed(
    encoder: Encoder,
    architectures: ArchitectureSet,
    device: torch.device | str = "cpu",
    on_batch: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """(N, d) embeddings of a whole set, which is as the encoder reads it.

    Args:
        encoder: It is moved to the device and set to evaluation.
        architectures: N of them.
        device: Where to compute.
        on_batch: Called with the number of architectures after every batch.
    """
    encoder.to(device).eval()
    out = np.empty((len(architectures), encoder.dim), np.float32)
    done = 0
    for batch, (size,) in batches(architectures, np.arange(len(architectures)), device):
        out[done : done + size] = encoder.embed(batch).cpu().numpy()
        done += size
        if on_batch is not None:
            on_batch(size)
    return out


def batches(
    architectures: ArchitectureSet, rows: NDArray, device: torch.device | str = "cpu"
) -> Iterator[tuple[Batch, tuple[int, ...]]]:
    """Batches of the rows (n,) or (K, n) in their order, with the shape of the rows that each holds."""
    members = 1 if rows.ndim == 1 else len(rows)
    step = max(1, BATCH_SIZE // members)
    for first in range(0, rows.shape[-1], step):
        part = rows[..., first : first + step]
        yield Batch(architectures, part, device), part.shape
