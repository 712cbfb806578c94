"""A learnt surrogate: the embedding of a trained encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from archflow.encoders.embedder import Embedder
from archflow.graph import ArchitectureSet


@dataclass(frozen=True)
class LearnedSurrogate:
    """A target for `flow` and `fgp` in place of a `FlowSurrogate`: a trained encoder's embedding of the architectures.

    In FGP's table 9 the encoder is a TA-GATES trained on the labels. Every dimension of the embedding is scaled to mean
    0 and variance 1/d over the set, so that a constant decoder has a loss of 1, whatever the encoder. (The paper does
    not say how it scales the embedding.) A dimension that does not vary is 0.

    Attributes:
        encoder: Its file, as written by `Embedder.save`. It sees architectures in its own view.
    """

    encoder: str

    @property
    def size(self) -> int:
        """Entries of one architecture's surrogate. Raises ArchflowError if the file is not a valid encoder."""
        return Embedder.load(self.encoder).encoder.dim

    def __call__(self, architectures: ArchitectureSet) -> Tensor:
        """(N, size) float32 surrogates of a whole set.

        Raises:
            ArchflowError: If the file is not a valid encoder, or does not know an operation.
        """
        embedding = torch.from_numpy(Embedder.load(self.encoder).embed(architectures)).double()
        centred = embedding - embedding.mean(0)
        spread = centred.square().mean(0).sqrt()
        # Rounding errors do not count as variation.
        varies = spread > 1e-6 * embedding.abs().amax(0)
        scaled = torch.where(varies, centred / spread.where(varies, torch.ones(())), torch.zeros(()))
        return (scaled / embedding.shape[1] ** 0.5).float()
