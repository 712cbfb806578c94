"""Tables of torch graphs, as GraphNet traced them with Dynamo: a row for each, its calls' arguments as text."""

from __future__ import annotations

import ast
import re
from typing import Any

import torch

from archflow.importers.base import IMPORTERS
from archflow.importers.foreign_tables import Row, TableImporter
from archflow.importers.fx_calls import Traced, applied, item_of
from archflow.importers.literals import UnreadableError, arguments_of
from archflow.importers.model import ImportedModel, imported
from archflow.importers.steps import Steps, check_shape

_INPUT = re.compile(r"shape=(\[[\d, ]*\]) dtype=(\w+)")


@IMPORTERS.register("graphnet_table")
class GraphNetTableImporter(TableImporter):
    """Reads torch graphs from the columns `sample`, `ops`, `attrs`, `weight_shapes` and `n_params`.

    `ops` are calls of torch, `attrs` their arguments: `%0` is a value, `$0` a learned array.
    """

    form = "a table of torch graphs (.parquet with sample, ops, attrs, edge_pos, weight_shapes, n_params)"
    columns = frozenset(("sample", "ops", "edge_src", "edge_dst", "edge_pos", "attrs", "weight_shapes", "n_params"))

    def model(self, row: Row) -> ImportedModel:
        steps, made = Steps(), list[Any]()
        operands: list[dict[str, int]] = [{} for _ in row["ops"]]
        for source, target, place in zip(row["edge_src"], row["edge_dst"], row["edge_pos"], strict=True):
            if not 0 <= source < target < len(operands):
                raise ValueError(f"the edge from {source} to {target} does not lead forwards")
            operands[target][f"_{place}"] = source
        ends: list[int] = []
        for number, op in enumerate(row["ops"]):
            taken = {name: made[source] for name, source in operands[number].items()}
            made.append(_put(steps, op, row["attrs"][number], taken, row["weight_shapes"][number], number))
            if op == "output":
                ends = [each for value in taken.values() for each in _steps(value)]
        return imported(
            row["sample"], steps, dict.fromkeys(ends) or steps.ends() or [steps.constant(None)], params=row["n_params"]
        )


def _put(steps: Steps, op: str, text: str, taken: dict[str, Any], weights: str, number: int) -> Any:
    """Record one node. Return its result."""
    if op == "input":
        return _input(steps, text)
    if op == "output":
        return None
    names = dict(taken)
    for place, shape in enumerate(weights.split(";") if weights else ()):
        names[f"__{place}"] = _weight(steps, f"{number}.{place}", shape)
    try:
        arguments, keywords = arguments_of(text, names)
    except UnreadableError:
        # The operands are there, what is said of them is not.
        arguments, keywords = [*names.values()], {}
    if op == "operator.getitem" and isinstance(arguments[0] if arguments else None, list | tuple):
        return item_of(steps, arguments[0], arguments[1] if len(arguments) > 1 else 0)
    return applied(steps, op, arguments, keywords)


def _weight(steps: Steps, name: str, text: str) -> Traced:
    """A learned array; `?` is one whose shape was not traced."""
    if text == "?":
        return Traced(steps.constant(None), None)
    shape = tuple(ast.literal_eval(text))
    check_shape(shape)
    return Traced(steps.weight(name, shape), torch.empty(shape, device="meta"))


def _input(steps: Steps, text: str) -> Traced:
    found = _INPUT.fullmatch(text)
    if found is None:
        return Traced(steps.input(None), None)
    shape = tuple(ast.literal_eval(found[1]))
    check_shape(shape)
    dtype = getattr(torch, found[2], torch.float32)
    tensor = torch.empty(shape, dtype=dtype if isinstance(dtype, torch.dtype) else torch.float32, device="meta")
    return Traced(steps.input(shape, tensor.element_size()), tensor)


def _steps(value: Any) -> list[int]:
    """The steps of a result, which may be nested."""
    if isinstance(value, Traced):
        return [value.step]
    return [step for each in value for step in _steps(each)] if isinstance(value, list | tuple) else []
