"""A surrogate that is learnt: the embedding of a trained encoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archflow.encoders.embedder import Embedder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch

_BATCH = 256


@dataclass(frozen=True)
class LearnedSurrogate:
    """What `flow` and `fgp` reconstruct instead of a `FlowSurrogate`: what a trained encoder makes of the architectures
    (FGP's table 9, where it is a TA-GATES that has learnt from the labels).

    encoder: its file, as `Embedder.save` writes it. Every dimension of the embedding gets mean 0 and variance 1/d over
    the set, so that a decoder which knows nothing has a loss of 1, whatever the encoder. (The paper does not say how it
    scales the embedding.) A dimension that does not vary is 0.

    Raises ArchflowError if the file is no sound encoder, or for architectures of operations that it does not know.
    """

    encoder: str

    @property
    def size(self) -> int:
        """Entries of one architecture's surrogate."""
        return Embedder.load(self.encoder).encoder.dim

    @torch.no_grad()
    def __call__(self, architectures: ArchitectureSet) -> Tensor:
        """(N, size) float32 surrogates of a whole set."""
        embedder = Embedder.load(self.encoder)
        encoder, known = embedder.encoder, embedder.prepare(architectures)
        starts = range(0, len(known), _BATCH)
        rows = np.arange(len(known))
        embedding = torch.cat([encoder.embed(Batch(known, rows[first : first + _BATCH])) for first in starts]).double()
        centred = embedding - embedding.mean(0)
        spread = centred.square().mean(0).sqrt()
        # Rounding errors are no variation.
        varies = spread > 1e-6 * embedding.abs().amax(0)
        scaled = torch.where(varies, centred / spread.where(varies, torch.ones(())), torch.zeros(()))
        return (scaled / encoder.dim**0.5).float()
