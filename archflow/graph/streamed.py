"""Sets that are read in parts, so that they need not fit in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.ragged import Ints, chosen, is_row, pointer

LOADED = 1 << 20
"""The maximum number of nodes and edges in a part that is in memory, unless a single architecture has more."""

Load = Callable[[Ints], ArchitectureSet]


def _joined(name: str) -> Any:
    """A property of each row, computed for one part after the other."""
    return cached_property(lambda self: self.by_row(lambda some: getattr(some, name)))


class StreamedSet(ArchitectureSet):
    """N architectures that are loaded when they are needed: a batch, or a part of at most `LOADED` nodes and edges.

    What describes each architecture (`node_counts`, `hashes`, ...) is computed part by part, and then kept. Whatever
    describes each node or edge (`op`, `levels`, ...) loads the whole set; pre-training, embedding and prediction do not
    ask for it. Another process gets the set in memory.

    Args:
        load: Loads rows (M,) as a set in memory. All such sets have one vocabulary and the same attributes.
        sizes: (N,) nodes and edges of each architecture, N at least 1; they decide how many are loaded at once.
    """

    def __init__(self, load: Load, sizes: Ints) -> None:
        self._load, self._sizes = load, sizes
        first = load(np.zeros(1, np.int64))  # raises what is true of all rows now, not in the middle of the work
        self.vocabulary, self.attribute_names = first.vocabulary, first.attribute_names

    def __getattr__(self, name: str) -> Any:
        if name in ("node_ptr", "edge_ptr"):
            found = {name: pointer(self.node_counts if name == "node_ptr" else self.edge_counts)}
        elif name in ("op", "edge_src", "edge_dst", "attributes"):
            found = self._load(np.arange(len(self))).columns
        else:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        vars(self).update(found)
        return found[name]

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(ArchitectureSet, validate=False, **self.columns), ()

    def __len__(self) -> int:
        return len(self._sizes)

    def __repr__(self) -> str:
        return f"StreamedSet({len(self)} architectures)"

    def __getitem__(self, rows: Any) -> Any:
        if is_row(rows):
            return self._load(np.array([range(len(self))[rows]]))[0]
        return super().__getitem__(rows)

    node_counts = _joined("node_counts")
    edge_counts = _joined("edge_counts")
    op_counts = _joined("op_counts")
    depths = _joined("depths")
    cell_counts = _joined("cell_counts")
    hashes = _joined("hashes")

    def select(self, rows: ArrayLike) -> ArchitectureSet:
        """As `ArchitectureSet.select`; the result is in memory if it has at most `LOADED` nodes and edges."""
        rows = chosen(rows, len(self))
        sizes = self._sizes[rows]
        if len(rows) <= 1 or sizes.sum() <= LOADED:
            return self._load(rows)
        return StreamedSet(lambda some: self._load(rows[some]), sizes)

    def parts(self) -> Iterator[Ints]:
        ends, first = pointer(self._sizes), 0
        while first < len(self):
            last = max(first + 1, int(np.searchsorted(ends, ends[first] + LOADED, side="right")) - 1)
            yield np.arange(first, last)
            first = last

    def pieces(self) -> Iterator[ArchitectureSet]:
        return map(self._load, self.parts())

    def loaded(self, rows: Ints) -> tuple[ArchitectureSet, Ints]:
        return self._load(rows), np.arange(len(rows))

    def by_row(self, compute: Callable[[ArchitectureSet], NDArray]) -> NDArray:
        return np.concatenate([compute(some) for some in self.pieces()])

    def converted(self, convert: Callable[[ArchitectureSet], ArchitectureSet]) -> ArchitectureSet:
        def load(rows: Ints) -> ArchitectureSet:
            with counted_as(rows):
                return convert(self._load(rows))

        return StreamedSet(load, self._sizes)


@contextmanager
def counted_as(rows: Ints) -> Iterator[None]:
    """Give errors that begin with a row of a part the number that the row has in the whole, from rows (M,)."""
    try:
        yield
    except ArchflowError as error:
        named = re.sub(r"^row (\d+)", lambda found: f"row {rows[int(found[1])]}", str(error))
        raise ArchflowError(named) from None


def concatenated(sets: Sequence[ArchitectureSet]) -> ArchitectureSet:
    """As `ArchitectureSet.concatenate`; the result is streamed if one of the sets is."""
    if len(sets) == 1 or not any(isinstance(each, StreamedSet) for each in sets):
        return ArchitectureSet.concatenate(sets)
    bounds = pointer(np.array([len(each) for each in sets]))

    def load(rows: Ints) -> ArchitectureSet:
        of = np.searchsorted(bounds, rows, side="right") - 1
        found = [each.loaded(rows[of == i] - bounds[i]) for i, each in enumerate(sets)]
        joined = ArchitectureSet.concatenate([some.select(at) for some, at in found])
        return joined.select(np.argsort(np.argsort(of, kind="stable")))

    return StreamedSet(load, np.concatenate([each.node_counts + each.edge_counts for each in sets]))
