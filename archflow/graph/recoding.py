"""Operation ids of one vocabulary in those of another."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.graphs import Graphs
from archflow.graph.synonyms import known_as
from archflow.graph.vocabulary import UNKNOWN, Vocabulary
from archflow.near import alternatives

_LISTED = 40
"""The maximum number of unknown operations that an error lists."""


def ids_in(vocabulary: Vocabulary, own: Vocabulary) -> NDArray[np.int32]:
    """(|O|,) ids in a vocabulary of the operations of another one, -1 for those that it lacks."""
    names = [known_as(op, vocabulary, own) for op in own.ops]
    otherwise = vocabulary.index(UNKNOWN) if UNKNOWN in vocabulary else -1
    return np.array([otherwise if name is None else vocabulary.index(name) for name in names], np.int32)


def check_unused(pieces: Iterable[Graphs], unknown: NDArray[np.bool_], vocabulary: Vocabulary) -> None:
    """Refuse graphs that use operations which a vocabulary lacks.

    Args:
        pieces: The graphs, in parts of one vocabulary O.
        unknown: (|O|,) marks the operations.
        vocabulary: What lacks them.

    Raises:
        ArchflowError: If there are any; it names the first row, and says in how many rows each operation occurs.
    """
    rows: dict[str, int] = {}
    first, before = -1, 0
    for some in pieces:
        nodes = unknown[some.op]
        owner, op = some.node_owner[nodes], some.op[nodes]
        first = before + int(owner[0]) if first < 0 and len(owner) else first
        used, at = np.unique(op, return_index=True)
        counts = np.bincount(np.unique(np.stack([op, owner]), axis=1)[0])
        for i in used[np.argsort(at)].tolist():
            name = some.vocabulary.ops[i]
            rows[name] = rows.get(name, 0) + int(counts[i])
        before += len(some)
    if rows:
        listed = [f"{name!r} (in {count:,} of {before:,} rows)" for name, count in rows.items()]
        more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
        what = "operation" if len(listed) == 1 else "operations"
        there = alternatives(next(iter(rows)), vocabulary.ops, listed="known here")
        raise ArchflowError(f"row {first}: unknown {what} {', '.join(listed[:_LISTED])}{more}; {there}")
