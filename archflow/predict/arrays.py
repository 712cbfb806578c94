"""Checks of arrays that come from a file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

Values = NDArray[np.float64]
Shape = tuple[int | None, ...]

LARGEST = 1e12
"""An upper bound on standardised features, normal scores and values computed from them."""


def floats_of(arrays: Mapping[str, NDArray], shapes: Mapping[str, Shape], most: float = LARGEST) -> dict[str, Values]:
    """Check the arrays of these names and return them as float64.

    Args:
        arrays: Arrays by name; others are ignored.
        shapes: Shapes by name; an axis that is None may have any length.
        most: The largest allowed magnitude of a value.

    Raises:
        ArchflowError: If an array is missing, of another shape or type, not finite, or too large; the message names it.
    """
    found = {name: _of(arrays, name, shape, np.floating).astype(np.float64) for name, shape in shapes.items()}
    for name, array in found.items():
        if not (np.isfinite(array) & (np.abs(array) <= most)).all():
            raise ArchflowError(f"its array {name} has values that are not finite, or too large; fit again")
    return found


def indices_of(arrays: Mapping[str, NDArray], shapes: Mapping[str, Shape]) -> dict[str, NDArray[np.int64]]:
    """Like `floats_of`, for arrays of non-negative integers."""
    found = {name: _of(arrays, name, shape, np.integer).astype(np.int64) for name, shape in shapes.items()}
    for name, array in found.items():
        if array.size and array.min() < 0:
            raise ArchflowError(f"its array {name} has numbers below zero; fit again")
    return found


def _of(arrays: Mapping[str, NDArray], name: str, shape: Shape, kind: type) -> NDArray:
    array = np.asarray(arrays.get(name))
    alike = np.issubdtype(array.dtype, kind) and array.ndim == len(shape)
    if not alike or any(asked not in (None, found) for found, asked in zip(array.shape, shape, strict=True)):
        raise ArchflowError(f"its array {name} is missing, or of another shape or type; fit again")
    return array
