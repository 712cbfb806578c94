"""Reconstruct the flow surrogate from the embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.graph import ArchitectureSet
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, Targets, decoder
from archflow.pretext.learned_surrogate import LearnedSurrogate

Surrogate: TypeAlias = FlowSurrogate | LearnedSurrogate | Mapping[str, Any]
"""A surrogate, or its arguments: `{"dim": 4}`, or `{"encoder": FILE}` for a `LearnedSurrogate`."""

PUBLISHED = FlowSurrogate()


@PRETEXT_TASKS.register("flow")
class FlowReconstruction(EmbeddingTask):
    """L_rec = ||s - decoder(z)||^2, summed over the surrogate's entries, mean over the batch (FGP, eq. of L_rec).

    The surrogate is not normalised, as in the paper.

    Args:
        surrogate: The surrogate s to reconstruct.
        hidden: Widths of the decoder's hidden layers.
    """

    def __init__(self, encoder: Encoder, surrogate: Surrogate = PUBLISHED, hidden: Sequence[int] = (128,)) -> None:
        super().__init__()
        self.surrogate = surrogate_of(surrogate)
        self.config["surrogate"] = asdict(self.surrogate)  # with its defaults
        self.decoder = decoder(encoder.dim, hidden, self.surrogate.size)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        return {"flow": self.surrogate(architectures)}

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        return {"flow": (self.decoder(embedding) - targets["flow"]).square().sum(1).mean()}


def surrogate_of(description: Surrogate) -> FlowSurrogate | LearnedSurrogate:
    """Build the surrogate from its arguments. Raises ArchflowError for unknown arguments."""
    if not isinstance(description, Mapping):
        return description
    try:
        return (LearnedSurrogate if "encoder" in description else FlowSurrogate)(**description)
    except TypeError as error:
        raise ArchflowError(f"surrogate {dict(description)}: {str(error).partition(' ')[2]}") from None
