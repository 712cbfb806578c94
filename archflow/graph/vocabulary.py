"""The operations that an encoder knows, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from archflow.errors import ArchflowError
from archflow.near import alternatives
from archflow.printable import is_name, shown

UNKNOWN = "[unknown]"
"""The operation that stands for all operations that a vocabulary lacks, if it contains this one."""


@dataclass(frozen=True)
class Vocabulary:
    """Operation names; the position of a name is its operation id.

    Raises ArchflowError if a name is not text, is empty or occurs twice.
    """

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        if isinstance(self.ops, str) or not isinstance(self.ops, Iterable):
            raise ArchflowError(f"vocabulary: {shown(self.ops)} is not a list of operation names")
        object.__setattr__(self, "ops", tuple(self.ops))
        wrong = next((op for op in self.ops if not is_name(op)), None)
        if wrong is not None:
            raise ArchflowError(f"vocabulary: {shown(wrong)} is not the name of an operation; names must be non-empty")
        if len(self._ids) != len(self.ops):
            twice = next(op for i, op in enumerate(self.ops) if self._ids[op] != i)
            raise ArchflowError(f"vocabulary: operation {twice!r} occurs twice; list every operation once")

    @classmethod
    def of(cls, ops: Iterable[str]) -> Vocabulary:
        """Make the vocabulary of these operations: `input` and `output` first, the rest by name.

        Names are sorted, so that the order of a table's rows does not change operation ids.
        """
        names = set(cls(tuple(dict.fromkeys(ops))).ops)
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
        except (KeyError, TypeError):
            raise ArchflowError(f"unknown operation {op!r}; {alternatives(op, self.ops)}") from None
