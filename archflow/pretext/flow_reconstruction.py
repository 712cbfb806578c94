"""Reconstruct the flow surrogate from the embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, PretextSettings, Targets, decoder


@PRETEXT_TASKS.register("flow")
class FlowReconstruction(EmbeddingTask):
    """L_rec = ||s - decoder(z)||^2, summed over the surrogate's entries, mean over the batch (FGP, eq. of L_rec).

    The surrogate is not normalised, as in the paper.

    hidden: widths of the decoder's inner layers.
    """

    def __init__(self, encoder: Encoder, settings: PretextSettings, hidden: Sequence[int] = (128,)) -> None:
        super().__init__(settings)
        self.surrogate = settings.surrogate
        self.decoder = decoder(encoder.dim, hidden, self.surrogate.size)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        return {"flow": self.surrogate(architectures)}

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        return {"flow": (self.decoder(embedding) - targets["flow"]).square().sum(1).mean()}
