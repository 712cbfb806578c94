"""A stacked predictor's held-out predictions of its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.arrays import floats_of, indices_of

Values = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions of n labels, on the scale of the targets, where higher is better.

    Attributes:
        targets: (n,) the labels.
        predicted: (n,) the blend's predictions by models that did not learn from the label.
        deviations: (n,) their deviations.
        hashes: (n,) hashes of the architectures, which find them in another table.
        contexts: The devices or tasks of the labels; empty without a context.
        context: (n,) the index of each label's device or task in `contexts`; zeros without a context.
    """

    targets: Values
    predicted: Values
    deviations: Values
    hashes: NDArray[np.uint64]
    contexts: Sequence[str]
    context: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        targets: Values,
        predicted: Values,
        deviations: Values,
        hashes: NDArray[np.uint64],
        texts: Sequence[str] | None = None,
    ) -> Self:
        """Make it from arrays (n,) and the text of each label's device or task, if there is a context."""
        if texts is None:
            return cls(targets, predicted, deviations, hashes, (), np.zeros(len(targets), np.int64))
        contexts, index = np.unique(texts, return_inverse=True)
        return cls(targets, predicted, deviations, hashes, contexts.tolist(), index.astype(np.int64))

    @property
    def errors(self) -> Values:
        """(n,) targets minus predictions."""
        return self.targets - self.predicted

    def arrays(self) -> dict[str, NDArray]:
        """The arrays that `restored` needs."""
        floats = {"targets": self.targets, "predicted": self.predicted, "deviations": self.deviations}
        return {**floats, "hashes": self.hashes.view(np.int64), "context": self.context}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], contexts: Sequence[str], labels: int) -> Self:
        """Restore it from arrays of a file. Raises ArchflowError if they are damaged."""
        found = floats_of(arrays, dict.fromkeys(("targets", "predicted", "deviations"), (labels,)))
        context = indices_of(arrays, {"context": (labels,)})["context"]
        hashes = np.asarray(arrays.get("hashes"))
        if hashes.dtype != np.int64 or hashes.shape != (labels,):
            raise ArchflowError("its array hashes is missing, or of another shape or type; fit again")
        if context.max(initial=0) >= max(1, len(contexts)) or (found["deviations"] <= 0).any():
            raise ArchflowError("its held-out predictions contradict each other; fit again")
        return cls(**found, hashes=hashes.view(np.uint64), contexts=list(contexts), context=context)
