"""Fitted regression trees as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.arrays import floats_of, indices_of

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

DEEPEST = 24
"""The maximum number of splits on a path through a tree."""

TOGETHER = 2**16
"""Nodes that are evaluated in one step, so that their arrays fit in a processor's cache."""


@dataclass(frozen=True)
class Trees:
    """F ensembles of T trees each, with all V nodes in one array, children after their parents.

    Attributes:
        feature: (V,) the feature that a node tests; 0 in a leaf.
        threshold: (V,) the largest value that goes left.
        left, right: (V,) children of a node; a leaf is its own child.
        value: (V,) the prediction of a leaf.
        roots: (F, T) the roots of the trees.
        depth: The number of splits on the longest path.
    """

    feature: Indices
    threshold: Values
    left: Indices
    right: Indices
    value: Values
    roots: Indices
    depth: int

    @classmethod
    def of(cls, ensembles: Sequence[Sequence[Any]], scale: float = 1.0) -> Trees:
        """Convert scikit-learn's fitted trees (`tree_` of its estimators), equally many in each of F ensembles.

        scale: a factor for their values.
        """
        trees = [tree for ensemble in ensembles for tree in ensemble]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        leaf = np.concatenate([tree.children_left < 0 for tree in trees])
        own = np.arange(starts[-1])

        def children(side: str) -> Indices:
            moved = [getattr(tree, side) + start for tree, start in zip(trees, starts, strict=False)]
            return np.where(leaf, own, np.concatenate(moved))

        return cls(
            np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])),
            np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
            children("children_left"),
            children("children_right"),
            scale * np.concatenate([tree.value[:, 0, 0] for tree in trees]),
            starts[:-1].reshape(len(ensembles), -1),
            max(tree.max_depth for tree in trees),
        )

    def __call__(self, x: NDArray) -> tuple[Values, Values]:
        """(F, N) mean and standard deviation of the trees' values, for features x (N, P).

        Features are compared as float32, as scikit-learn does.
        """
        x = np.asarray(x, np.float32)
        mean, std = np.empty((2, len(self.roots), len(x)))
        step = max(1, TOGETHER // self.roots.size)
        children = np.stack([self.left, self.right], 1).ravel()
        for first in range(0, len(x), step):
            some = x[first : first + step]
            offsets = np.arange(len(some)) * x.shape[1]
            node = np.repeat(self.roots.reshape(-1, 1), len(some), 1)
            flat = some.ravel()
            for _ in range(self.depth):
                right = flat.take(self.feature.take(node) + offsets) > self.threshold.take(node)
                node = children.take(2 * node + right)
            values = self.value.take(node).reshape(*self.roots.shape, len(some))
            mean[:, first : first + step], std[:, first : first + step] = values.mean(1), values.std(1)
        return mean, std

    def arrays(self) -> dict[str, NDArray]:
        """The arrays that `restored` needs."""
        whole = {name: getattr(self, name).astype(np.int32) for name in ("feature", "left", "right", "roots")}
        return {**whole, "threshold": self.threshold, "value": self.value}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], width: int, folds: int) -> Trees:
        """Restore trees from their arrays.

        Args:
            arrays: Untrusted arrays from a file.
            width: P, the number of features.
            folds: F, the number of ensembles.

        Raises:
            ArchflowError: If they do not encode trees. Accepted trees reach a leaf for any features.
        """
        nodes = len(np.atleast_1d(arrays.get("feature", ())))
        floats = floats_of(arrays, {"threshold": (nodes,), "value": (nodes,)})
        whole = indices_of(arrays, {name: (nodes,) for name in ("feature", "left", "right")} | {"roots": (folds, None)})
        left, right, own = whole["left"], whole["right"], np.arange(nodes)
        leaf = (left == own) & (right == own)
        split = (left > own) & (right > own) & (left < nodes) & (right < nodes) & (whole["feature"] < width)
        if (
            not whole["roots"].size
            or (whole["roots"] >= nodes).any()
            or not (leaf & (whole["feature"] == 0) | split).all()
        ):
            raise ArchflowError("the arrays of its trees contradict each other; fit again")
        depth, level = 0, np.unique(whole["roots"])
        while len(level := level[~leaf[level]]):
            depth, level = depth + 1, np.unique(np.concatenate([left[level], right[level]]))
            if depth > DEEPEST:
                raise ArchflowError(f"its trees are deeper than {DEEPEST} splits; fit again")
        return cls(whole["feature"], floats["threshold"], left, right, floats["value"], whole["roots"], depth)
