"""Arrays and sets of architectures that grow at the end in amortised constant time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary


class GrowingArray:
    """An array (N, ...) to which rows can be appended.

    Args:
        rows: Initial rows; they fix the dtype and the trailing shape.
    """

    def __init__(self, rows: NDArray) -> None:
        self._room, self._count = rows, len(rows)

    def extend(self, rows: Any) -> None:
        """Append rows (M, ...)."""
        before, self._count = self._count, self._count + len(rows)
        if self._count > len(self._room):
            room = np.empty((2 * self._count, *self._room.shape[1:]), self._room.dtype)
            room[:before] = self._room[:before]
            self._room = room
        self._room[before : self._count] = rows

    @property
    def rows(self) -> NDArray:
        """All rows (N, ...), read-only. The returned view does not change when rows are appended."""
        view = self._room[: self._count]
        view.flags.writeable = False
        return view


class GrowingSet:
    """A set of architectures to which more can be appended.

    Args:
        vocabulary: The vocabulary of all architectures.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._begin(ArchitectureSet.from_architectures([], vocabulary))

    def append(self, more: ArchitectureSet) -> None:
        """Append architectures. Raises ArchflowError if their vocabulary differs."""
        now = self.architectures
        if more.vocabulary != now.vocabulary or more.attribute_names != now.attribute_names:
            self._begin(ArchitectureSet.concatenate([now, more]))
            return
        columns = more.columns
        columns["node_ptr"] = more.node_ptr[1:] + len(now.op)
        columns["edge_ptr"] = more.edge_ptr[1:] + len(now.edge_src)
        for name, array in self._columns.items():
            array.extend(columns[name])
        self._set = None

    @property
    def architectures(self) -> ArchitectureSet:
        """All architectures. The returned set does not change when more are appended."""
        if self._set is None:
            columns: dict[str, Any] = {name: array.rows for name, array in self._columns.items()}
            self._set = ArchitectureSet(**self._same | columns, validate=False)
        return self._set

    def _begin(self, first: ArchitectureSet) -> None:
        columns = first.columns
        self._columns = {name: GrowingArray(each) for name, each in columns.items() if isinstance(each, np.ndarray)}
        self._same = {name: each for name, each in columns.items() if name not in self._columns}
        self._set: ArchitectureSet | None = first
