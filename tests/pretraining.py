"""Pre-training of a task that a test has made itself."""

from typing import Any

from archflow.encoders import Embedder, Encoder
from archflow.encoders.preparation import Preparation
from archflow.graph import ArchitectureSet
from archflow.pretext import PretextTask, pretrain


def losses_of(
    encoder: Encoder, task: PretextTask, architectures: ArchitectureSet, *arguments: Any, **more: Any
) -> dict[str, list[float]]:
    """The losses of `pretrain` with an encoder that sees these architectures as they are."""
    embedder = Embedder(encoder, Preparation(architectures.vocabulary))
    return pretrain(embedder, task, architectures, *arguments, **more).history["losses"]
