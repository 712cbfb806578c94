"""A user's function as an evaluator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.named_objects import object_at
from archflow.search.evaluators.base import Point, SearchEvaluator, Target, Wanted
from archflow.search.evaluators.spaces import no_settings, space_of


@dataclass(frozen=True)
class FunctionEvaluator(SearchEvaluator):
    """Calls `function(architecture, seed)`, or `function(architecture)` if it takes one argument.

    The function returns metrics by name, or a single number, which is then named `metric`. A generator function yields
    (epochs, metrics) pairs, so that a search can stop it early.

    Attributes:
        function: The function, or its location `package.module:name`, which is imported once per process and may be in
            the working directory.
        metric: The name given to a single number.
    """

    function: Callable[..., Any] | str
    metric: str = "value"

    @property
    def config(self) -> dict[str, Any]:
        return {"function": self.name, "metric": self.metric}

    @property
    def name(self) -> str:
        """The location of the function."""
        if isinstance(self.function, str):
            return self.function
        kind = self.function if hasattr(self.function, "__qualname__") else type(self.function)
        return f"{kind.__module__}:{kind.__qualname__}"

    @cached_property
    def called(self) -> Callable[..., Any]:
        """The function itself. Raises ArchflowError with the reason if it cannot be imported."""
        if not isinstance(self.function, str):
            return self.function
        try:
            found = object_at(self.function)
        except ArchflowError as error:
            raise ArchflowError(f"--evaluate {error}") from None
        if not callable(found):
            raise ArchflowError(f"--evaluate {self.function}: is not a function but a {type(found).__name__}")
        return found

    @cached_property
    def _arguments(self) -> int:
        try:
            parameters = inspect.signature(self.called).parameters.values()
        except (TypeError, ValueError):
            return 2
        positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
        several = any(each.kind is each.VAR_POSITIONAL for each in parameters)
        return 2 if several or len(positional) > 1 else 1

    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        given: Any = self.called(*(architecture, seed)[: self._arguments])
        if isinstance(given, Iterator):
            for epoch, metrics in given:
                yield int(epoch), self._named(metrics)
        else:
            yield 0, self._named(given)

    def _named(self, given: Any) -> Mapping[str, Any]:
        return given if isinstance(given, Mapping) else {self.metric: given}

    def __getstate__(self) -> dict[str, Any]:
        return {"function": self.function, "metric": self.metric}


def target(text: str, wanted: Wanted) -> Target:
    """Build the target of `package.module:function` in a named space."""
    no_settings(text, wanted)
    return of_function(FunctionEvaluator(text), wanted)


def of_function(evaluate: FunctionEvaluator, wanted: Wanted) -> Target:
    """Build the target of a function in a named space; a single number it returns is the first requested metric."""
    evaluate = replace(evaluate, metric=(*wanted.metrics, evaluate.metric)[0])
    evaluate.called  # noqa: B018  # imported here, so that what is wrong is said before the search
    space, columns = space_of(wanted.space)
    return Target(evaluate, space, wanted.metrics or (evaluate.metric,), wanted.reported, columns)
