"""The space of evaluators that accept any architecture, and what is known of its architectures in advance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.search.evaluators.base import Wanted
from archflow.spaces.base import SPACES, NetworkSpace, SearchSpace

DEFAULT = "nasbench201"


@dataclass(frozen=True)
class Costs:
    """Parameters and multiply-adds of a space's networks at their published size."""

    space: NetworkSpace

    def __call__(self, architectures: ArchitectureSet) -> Table:
        return Table(architectures, dict(self.space.costs(architectures)))


def space_of(name: str | None) -> tuple[SearchSpace, Callable[[ArchitectureSet], Table] | None]:
    """Return the space of that name, and a function for what is known of its architectures in advance, if any."""
    space = SPACES.get(name or DEFAULT)()
    return space, Costs(space) if isinstance(space, NetworkSpace) else None


def no_settings(text: str, wanted: Wanted) -> None:
    """Refuse settings for an evaluator that has none."""
    if wanted.settings:
        raise ArchflowError(f"--set evaluate.{next(iter(wanted.settings))}: --evaluate {text} has no settings")
