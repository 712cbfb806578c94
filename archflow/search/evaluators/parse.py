"""Parsing of `--evaluate`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archflow.graph.table import Table
from archflow.search.evaluators import command, function, trained
from archflow.search.evaluators.base import SearchEvaluator, Target, Wanted
from archflow.search.evaluators.named import known_name
from archflow.search.evaluators.spaces import space_of

_FUNCTION = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")


def parse(given: str | Callable[..., Any] | Table, wanted: Wanted) -> Target:
    """Return the target that an evaluator's text, a function, an evaluator or a table stands for.

    Args:
        given: `train:IMAGES`, `command:WORDS`, `package.module:function`, the name of a data set, or a table file; or a
            function, an evaluator or a table itself.
        wanted: What the user requests.

    Raises:
        ArchflowError: If `given` is of another kind, or cannot be used.
    """
    if isinstance(given, Table):
        from archflow.search.evaluators import table

        return table.of_table(given, "table", wanted)
    if isinstance(given, SearchEvaluator):
        space, columns = space_of(wanted.space)
        metrics = wanted.metrics or given.metrics[:1] or ("value",)
        return Target(given, space, metrics, wanted.reported, columns)
    if not isinstance(given, str):
        return function.of_function(function.FunctionEvaluator(given), wanted)
    for prefix, kind in ((trained.PREFIX, trained.target), (command.PREFIX, command.target)):
        if given.startswith(prefix):
            return kind(given, wanted)
    if _FUNCTION.fullmatch(given) and not Path(given).exists():
        return function.target(given, wanted)
    from archflow.data.catalogue import BENCHMARKS
    from archflow.search.evaluators import table

    if given not in BENCHMARKS and not Path(given).suffix and not Path(given).exists():
        known_name("data set or other evaluator", given, [*BENCHMARKS, "train:digits"])
    return table.target(given, wanted)
