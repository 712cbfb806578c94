"""The operations an encoder knows, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from archflow.errors import ArchflowError

UNKNOWN = "[unknown]"
"""The operation that stands for every one that a vocabulary lacks, where it has this one."""


@dataclass(frozen=True)
class Vocabulary:
    """Operation names; the position of a name is its operation id.

    Raises ArchflowError if a name is empty or stands there twice.
    """

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ops", tuple(self.ops))
        if "" in self.ops:
            raise ArchflowError("vocabulary: an operation has an empty name; give it one")
        if len(self._ids) != len(self.ops):
            twice = next(op for op in self.ops if self.ops.count(op) > 1)
            raise ArchflowError(f"vocabulary: operation {twice!r} stands there twice; list every operation once")

    @classmethod
    def of(cls, ops: Iterable[str]) -> Vocabulary:
        """The vocabulary of these operations: `input` and `output` first, the rest by name.

        Sorted, so that the order of a table's rows does not change operation ids.
        """
        names = set(ops)
        ends = [name for name in ("input", "output") if name in names]
        return cls((*ends, *sorted(names.difference(ends))))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {op: i for i, op in enumerate(self.ops)}

    def __len__(self) -> int:
        return len(self.ops)

    def __contains__(self, op: object) -> bool:
        return op in self._ids

    def index(self, op: str) -> int:
        """The id of an operation. Raises ArchflowError if it is unknown."""
        try:
            return self._ids[op]
        except KeyError:
            raise ArchflowError(f"unknown operation {op!r}; known: {', '.join(self.ops)}") from None
