"""Architectures as a predictor's components see them; everything is computed once, when needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.encoders import Embedder
from archflow.features import Features
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.predict.context import CONTEXT
from archflow.predict.prepared import Prepared


class Seen:
    """N architectures, their embeddings and their features.

    Args:
        table: The architectures, and columns that features may read.
        embedders: E embedders of one vocabulary; may be empty.
        features: Features by registered name.
        device: Where embeddings are computed.
    """

    def __init__(
        self,
        table: Table,
        embedders: Sequence[Embedder],
        features: Mapping[str, Features],
        device: torch.device | str = "cpu",
    ) -> None:
        self.table, self.embedders, self.described, self.device = table, embedders, features, device

    @classmethod
    def none(cls, embedders: Sequence[Embedder], features: Mapping[str, Features]) -> Seen:
        """No architectures: embeddings and features have their widths, and no rows."""
        vocabulary = embedders[0].vocabulary if embedders else Vocabulary(())
        seen = cls(Table(ArchitectureSet(vocabulary, [], [0], [], [], [0])), embedders, features)
        seen.embeddings = np.zeros((0, sum(each.encoder.dim for each in embedders)), np.float32)
        seen.features = {name: np.zeros((0, len(each.names)), np.float32) for name, each in features.items()}
        return seen

    def __len__(self) -> int:
        return len(self.table)

    def select(self, rows: NDArray[np.int64]) -> Seen:
        """The chosen architectures, with what has already been computed for them."""
        chosen = Seen(self.table.select(rows), self.embedders, self.described, self.device)
        if "embeddings" in vars(self):
            chosen.embeddings = self.embeddings[rows]
        if "features" in vars(self):
            chosen.features = {name: values[rows] for name, values in self.features.items()}
        return chosen

    @cached_property
    def prepared(self) -> Prepared:
        """The architectures as each embedder reads them."""
        return Prepared(self.embedders, self.table)

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """(N, D) embeddings by all embedders, side by side; no columns without embedders."""
        if not self.embedders:
            return np.zeros((len(self), 0), np.float32)
        return self.prepared.embeddings(self.device)

    @cached_property
    def features(self) -> Mapping[str, NDArray[np.float32]]:
        """(N, F) by kind of features, NaN where a feature does not apply."""
        return {name: each(self.table) for name, each in self.described.items()}

    @property
    def plain(self) -> NDArray[np.float32]:
        """(N, P) all features side by side."""
        return self._side_by_side(self.features)

    @property
    def without_context(self) -> NDArray[np.float32]:
        """(N, P) all features but those of the device or task, side by side."""
        return self._side_by_side([name for name in self.features if name != CONTEXT])

    def _side_by_side(self, names: Iterable[str]) -> NDArray[np.float32]:
        return np.concatenate([np.zeros((len(self), 0), np.float32), *(self.features[name] for name in names)], 1)
