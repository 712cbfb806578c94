"""Which labels each model of a cross-fitted component learns from, and which it is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

FOLDS = 10
"""The total number of models: two repetitions of five folds, or one of ten if there are few labels."""

FEW = 60
"""With fewer labels than this, a model holds out a tenth of them instead of a fifth."""


@dataclass(frozen=True)
class Folds:
    """F divisions of n labels into those that a model learns from and those that it is tested on.

    Attributes:
        held: (F, n) True for the labels that a model does not learn from. Every label is held out by at least one
            model, and every model learns from equally many labels.
        tested: (F, n) True for the labels in a model's own fold; a few others are held out only to equalise numbers.
    """

    held: NDArray[np.bool_]
    tested: NDArray[np.bool_]

    @classmethod
    def of(cls, labels: int, seed: int, groups: NDArray[np.int64] | None = None) -> Folds:
        """Draw repeated K-fold cross-validation at random. With fewer labels than folds, each is left out once.

        Args:
            labels: n.
            seed: Random seed.
            groups: (n,) numbers of groups; the labels of a group are in one fold. None if each label is its own group.

        Raises:
            ArchflowError: If all labels are of one group.
        """
        number = np.arange(labels) if groups is None else np.unique(groups, return_inverse=True)[1]
        count = int(number.max(initial=-1)) + 1
        if groups is not None and count < 2:
            raise ArchflowError("all labels are of one group, so that none can be held out; give labels of several")
        folds = min(count, FOLDS if count < FEW else FOLDS // 2)
        rng = np.random.default_rng(seed)
        tested = []
        for _ in range(max(1, FOLDS // folds) if count >= FEW else 1):
            fold = np.arange(count) % folds
            rng.shuffle(fold)
            tested += [fold[number] == k for k in range(folds)]
        held = np.stack(tested)
        largest = held.sum(1).max()
        for own in held:
            spare = largest - own.sum()
            own[rng.choice(np.flatnonzero(~own), spare, replace=False)] = True
        return cls(held, np.stack(tested))

    def __len__(self) -> int:
        """F."""
        return len(self.held)

    @property
    def train(self) -> NDArray[np.int64]:
        """(F, m) indices of the labels that each model learns from, ascending."""
        return np.stack([np.flatnonzero(~own) for own in self.held])

    def unseen(self, predictions: NDArray) -> NDArray[np.float64]:
        """(n,) for each label, the mean of predictions (F, n) by the models that were tested on it."""
        return np.where(self.tested, predictions, 0.0).sum(0) / self.tested.sum(0)
