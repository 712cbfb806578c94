"""Architectures prepared for several encoders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.encoders import Embedder
from archflow.encoders.embedder import Architectures, as_set
from archflow.encoders.embedding import embed
from archflow.graph import ArchitectureSet
from archflow.graph.streamed import concatenated


class Prepared:
    """Architectures prepared for several embedders. Embedders with equal preparations share one set.

    Args:
        embedders: E embedders of one vocabulary.
        architectures: N architectures.

    Raises:
        ArchflowError: If the vocabulary lacks an operation; the message names the row.
    """

    def __init__(self, embedders: Sequence[Embedder], architectures: Architectures) -> None:
        self.embedders, known = embedders, as_set(architectures)
        self.count = len(known)
        self._sets: list[ArchitectureSet] = []
        preparations = []
        self._place = []
        for embedder in embedders:
            if embedder.preparation not in preparations:
                preparations.append(embedder.preparation)
                self._sets.append(embedder.prepare(known))
            self._place.append(preparations.index(embedder.preparation))

    @cached_property
    def together(self) -> ArchitectureSet:
        """All prepared sets, concatenated."""
        return concatenated(self._sets)

    def rows(self, embedder: int) -> NDArray[np.int64]:
        """(N,) the rows of `together` that are prepared for one embedder."""
        return self._place[embedder] * self.count + np.arange(self.count)

    def tiled(self, values: NDArray) -> NDArray:
        """Repeat values (N, ...) of the architectures for all rows of `together`."""
        return np.concatenate([values] * len(self._sets))

    def embeddings(self, device: torch.device | str) -> NDArray[np.float32]:
        """(N, E d) embeddings by all embedders, side by side."""
        each = zip(self.embedders, self._place, strict=True)
        return np.concatenate([embed(one.encoder, self._sets[place], device) for one, place in each], 1)
