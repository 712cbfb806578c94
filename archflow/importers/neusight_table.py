"""Tables of transformers that NeuSight traced: a row for each, with the shapes of all operands and results."""

from __future__ import annotations

import ast
import math

from archflow.importers.base import IMPORTERS
from archflow.importers.foreign_tables import Row, TableImporter, predecessors
from archflow.importers.model import ImportedModel, imported
from archflow.importers.normal import IDENTITY
from archflow.importers.steps import BUNDLE, Shape, Steps
from archflow.importers.torch_arguments import FIRST_BEHIND
from archflow.importers.torch_names import known_as

_MODULES = (
    (("drop",), IDENTITY),
    (("norm", "ln_", "layer_norm"), "layer_norm"),
    (("embed", "wte", "wpe"), "embedding"),
    (("act",), "gelu"),
)
"""What a part of a module's name says of it. Its class was not traced; any other one is a linear layer."""


@IMPORTERS.register("neusight_table")
class NeuSightTableImporter(TableImporter):
    """Columns `run`, `ops` (nodes of torch.fx), `in_shapes`, `out_shape`, `dtype`."""

    form = "a table of traced transformers (.parquet with run, ops, in_shapes, out_shape, dtype)"
    columns = frozenset(("run", "ops", "edge_src", "edge_dst", "in_shapes", "out_shape", "dtype"))

    def model(self, row: Row) -> ImportedModel:
        steps, made, ends = Steps(), list[int](), list[int]()
        for number, before in enumerate(predecessors(row)):
            taken = [made[each] for each in before]
            made.append(_put(steps, row, number, taken))
            if row["ops"][number].startswith("output:"):
                ends = taken
        return imported(row["run"], steps, ends or steps.ends())


def _put(steps: Steps, row: Row, number: int, taken: list[int]) -> int:
    """Record one node. Return the number of its result."""
    kind, _, name = row["ops"][number].partition(":")
    shape: Shape = tuple(ast.literal_eval(row["out_shape"][number] or "()"))
    operands = [tuple(each) for each in ast.literal_eval(row["in_shapes"][number] or "[]")]
    itemsize = 8 if row["dtype"][number] == "torch.int64" else 4
    if kind == "placeholder":
        return steps.input(shape, itemsize)
    if kind == "output":
        return steps.apply(BUNDLE, taken, None)
    if kind == "get_attr":
        # Buffers are arrays of integers, or one of numbers that the attention masks with.
        learned = row["dtype"][number].startswith("torch.float") and name.endswith((".weight", ".bias"))
        return steps.weight(name, shape, itemsize) if learned else steps.constant(shape, itemsize)
    if kind == "call_module":
        return _module(steps, name, taken, operands, shape)
    op = known_as(name)
    order = FIRST_BEHIND.get(name)
    if order is not None and len(taken) == len(order):
        taken = [taken[place] for place in order]
    if op in _SIZES:
        return steps.constant(shape, itemsize)
    return steps.apply(op, taken[:1] if op == IDENTITY else taken, shape, itemsize)


_SIZES = ("size", "dim", "getattr", "finfo", "<class 'torch.finfo'>")
"""What is no array."""


def _module(steps: Steps, name: str, taken: list[int], operands: list[Shape], shape: Shape) -> int:
    """Record a module, whose class follows from its name."""
    last = name.rpartition(".")[2].lower()
    op = next((op for parts, op in _MODULES if any(part in last for part in parts)), "linear")
    width, out = operands[0][-1] if operands and operands[0] else 1, shape[-1] if shape else 1
    learned: dict[str, list[Shape]] = {"layer_norm": [(out,), (out,)], "linear": [(out, width)]}
    weights = [steps.weight(f"{name}.{place}", each) for place, each in enumerate(learned.get(op, []))]
    numbers = {"macs": float(math.prod(shape) * width)} if op == "linear" else {}
    return steps.apply(op, [*taken, *weights], shape, 4, numbers)
