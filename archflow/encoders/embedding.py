"""Embeddings of whole sets, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.encoders.base import Encoder
from archflow.encoders.compiled import applied
from archflow.encoders.memory import check_evaluation
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.pieces import pieces
from archflow.graph.ragged import Ints

BATCH_SIZE = 256
"""The maximum number of architectures per batch in evaluation; larger batches do not fit into the processor's cache."""

NODE_BYTES = 64
"""Approximate bytes per node and entry of a layer: its states, and messages along its edges."""


@torch.inference_mode()
def embed(
    encoder: Encoder,
    architectures: ArchitectureSet,
    device: torch.device | str = "cpu",
    on_batch: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """(N, d) embeddings of a whole set that is prepared for the encoder.

    Args:
        encoder: It is moved to the device and set to evaluation mode.
        architectures: The N architectures.
        device: Where to compute.
        on_batch: Called with the number of architectures after every batch.

    Raises:
        ArchflowError: If a single architecture needs more memory than there is.
    """
    check_evaluation(encoder, architectures.node_counts, device)
    encoder.to(device).eval()
    out = np.empty((len(architectures), encoder.dim), np.float32)
    for batch, places in batches(encoder, architectures, np.arange(len(architectures)), device):
        out[places] = applied(encoder.embed, batch).cpu().numpy()
        if on_batch is not None:
            on_batch(len(places))
    return out


def batches(
    encoder: Encoder,
    architectures: ArchitectureSet,
    rows: NDArray[np.int64],
    device: torch.device | str = "cpu",
    context: NDArray[np.float32] | None = None,
) -> Iterator[tuple[Batch, Ints]]:
    """Yield batches that cover the rows, with the indices of their rows among the given ones.

    Batches are limited by the memory that the encoder needs for them.

    Args:
        encoder: Determines the memory of a batch.
        architectures: The set.
        rows: (n,) rows of the set; (K, n) for K members, which get the same columns in each batch.
        device: Device of the batches.
        context: (N, C) as in `Batch`.
    """
    members = 1 if rows.ndim == 1 else len(rows)
    sizes = architectures.node_counts[rows].reshape(members, -1).max(0, initial=0)
    costs = members * NODE_BYTES * encoder.dim, members * encoder.pair_bytes(training=False)
    for places in pieces(sizes, max(1, BATCH_SIZE // members), *costs):
        yield Batch(architectures, rows[..., places], device, context), places
