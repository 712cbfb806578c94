"""Encoders whose operations are known by their descriptions, so that those of another space can be read."""

from __future__ import annotations

import copy
from typing import Self

import torch
from torch import Tensor

from archflow.encoders.base import Encoder
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import Linear
from archflow.encoders.operation_words import operation_words
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.sentences import WIDTH, text_vectors


class DescribedOperations(Encoder):
    """The common part: embeddings of operations, W t(op) with `text`, and learned ones otherwise.

    t(op) is a frozen sentence encoder's vector of the operation's description (`archflow.sentences`).

    Attributes:
        text: Whether operations are represented by their descriptions, which `describe` sets.
        inputs: Combines `table()` with the attributes of nodes.
    """

    def __init__(self, n_ops: int, width: int, text: bool, n_attributes: int) -> None:
        super().__init__()
        self.text = text
        self.operations, self.inputs = Linear(WIDTH if text else n_ops, width, False), NodeInput(n_attributes, width)
        if text:
            self.register_buffer("described", torch.zeros(1, n_ops, WIDTH))

    def describe(self, vocabulary: Vocabulary) -> None:
        """Set the descriptions of the operations that ids refer to; does nothing without `text`.

        Raises:
            ArchflowError: As `text_vectors` does.
        """
        if self.text:
            vectors = torch.from_numpy(text_vectors([operation_words(op) for op in vocabulary.ops]))
            members = len(self.operations.weight)
            self.described = vectors.to(self.operations.weight)[None].repeat(members, 1, 1)

    def reading(self, vocabulary: Vocabulary) -> Self:
        """The same weights for other operations, such as those of another search space.

        Raises:
            ArchflowError: If the operations are learned embeddings, not descriptions.
        """
        if not self.text:
            raise ArchflowError(f"{_name(self)}: its operations are learned; use text=True to read others")
        other = copy.deepcopy(self)
        other.n_ops = len(vocabulary)
        other.config["n_ops"] = other.n_ops
        other.describe(vocabulary)
        return other

    def table(self) -> Tensor:
        """(K, |O|, d) the embeddings of the operations."""
        if not self.text:
            return self.operations.weight
        if not self.described.any():
            raise ArchflowError(
                f"{_name(self)}: no descriptions are set; call describe(vocabulary), or archflow.create"
            )
        return self.operations(self.described)


def _name(encoder: Encoder) -> str:
    return type(encoder).__name__
