"""What importing gives: an architecture with node attributes, and what is known of the model as a whole."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.graph.table_columns import TableColumns
from archflow.importers.blocks import Block, with_names
from archflow.importers.normal import normal_form
from archflow.importers.steps import Step, Steps
from archflow.importers.structure import DEEPEST, blocks_of
from archflow.importers.vocabulary import COLUMNS, MEANINGS, OPERATIONS

AXES = 6
"""Axes of a result that a node has attributes for."""


_TOGETHER = 32
"""Models of a table that are objects at a time."""


@dataclass(frozen=True)
class ImportedModel:
    """One real model as a graph.

    Attributes:
        name: What it is called.
        architecture: Operations of `archflow.importers.vocabulary`, with its node attributes.
        columns: Numbers of the whole model: `COLUMNS` of the vocabulary, NaN where not known.
        opaque: How many nodes have each operation that the vocabulary lacks.
        notes: What the user should know, such as a part that could not be looked into; a line each.
        modules: For each node the dotted path of the module that it is computed in; empty where it is not known.
    """

    name: str
    architecture: Architecture
    columns: Mapping[str, float]
    opaque: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def blocks(self, depth: int = DEEPEST) -> list[Block]:
        """The blocks of the model (`archflow.importers.structure.blocks_of`), with the names of its modules."""
        blocks = blocks_of(self.architecture, depth)
        return with_names(blocks, self.architecture.ops, self.modules) if self.modules else blocks


def imported(
    name: str,
    steps: Steps,
    outputs: Iterable[int],
    *,
    params: int | None = None,
    notes: Sequence[str] = (),
    batch_is_open: bool = False,
) -> ImportedModel:
    """The model that steps describe.

    Args:
        name: What it is called.
        steps: As an importer wrote them down.
        outputs: The numbers of the steps whose results the model gives.
        params: Its learned numbers, where the model says; those that its nodes read if None.
        notes: Lines for the user.
        batch_is_open: Whether shapes are those of one example of a batch of any size.

    Raises:
        ArchflowError: If it has no output.
    """
    nodes = normal_form(steps, steps.unbundled(outputs))
    attributes = [_attributes(node, nodes) for node in nodes]
    named = {
        attribute: [each.get(attribute, math.nan) for each in attributes]
        for attribute in MEANINGS
        if any(attribute in each for each in attributes)
    }
    edges = {(source, target) for target, node in enumerate(nodes) for source in node.inputs}
    opaque = Counter(node.op for node in nodes if node.op not in OPERATIONS)
    learned = {name: size for node in nodes for name, size in node.weights.items()}
    columns = {
        "params": float(sum(learned.values()) if params is None else params),
        **{name: _total(name, nodes, attributes) for name in ("macs", "bytes")},
        "nodes": float(len(nodes)),
        "opaque": float(opaque.total()),
        **_of_inputs([node.shape for node in nodes if node.op == "input"]),
        **({"batch": math.nan} if batch_is_open else {}),
    }
    architecture = Architecture(tuple(node.op for node in nodes), tuple(sorted(edges)), named)
    modules = tuple(node.module for node in nodes)
    return ImportedModel(name, architecture, columns, dict(opaque), tuple(notes), modules)


def table_of(models: Iterable[ImportedModel]) -> Table:
    """Imported models as a table that every verb takes: a row for each, its name in the column `name`.

    Of many models, few are held as objects at a time. Raises ArchflowError if there is none.
    """
    import pyarrow as pa

    names: list[str] = []
    columns: dict[str, list[float]] = {column: [] for column in COLUMNS}
    parts: list[ArchitectureSet] = []
    for some in _pieces(models):
        names.extend(model.name for model in some)
        for column, values in columns.items():
            values.extend(model.columns.get(column, math.nan) for model in some)
        parts.append(ArchitectureSet.from_architectures([model.architecture for model in some]))
    if not parts:
        raise ArchflowError("there is no model to make a table of; give at least one")
    vocabulary = Vocabulary.of(op for part in parts for op in part.vocabulary.ops)
    return Table(
        ArchitectureSet.concatenate([part.recoded(vocabulary) for part in parts]),
        TableColumns({column: np.array(values) for column, values in columns.items()}, pa.table({"name": names})),
        native=names,  # which is what verbs show of a row
    )


def _pieces(models: Iterable[ImportedModel]) -> Iterator[list[ImportedModel]]:
    iterator = iter(models)
    while some := list(itertools.islice(iterator, _TOGETHER)):
        yield some


def _attributes(node: Step, nodes: Sequence[Step]) -> dict[str, float]:
    """The node attributes of one step."""
    found = dict(node.numbers)
    if node.op in ("input", "output"):
        found["macs"] = 0.0
    if node.shape is not None:
        found.update({f"shape_{axis}": float(size) for axis, size in enumerate(node.shape[:AXES])})
    found["params"] = float(sum(node.weights.values()))
    operands = [nodes[each] for each in node.inputs]
    if node.op == "output":
        found["bytes"] = 0.0
    elif node.shape is not None and all(each.shape is not None for each in operands):
        moved = [math.prod(each.shape or ()) * each.itemsize for each in (node, *operands)]
        # Of an embedding's table the rows that it gives are read.
        learned = moved[0] if node.op == "embedding" else found["params"] * node.itemsize
        found["bytes"] = float(sum(moved) + learned)
    return {name: value for name, value in found.items() if name in MEANINGS}


def _total(name: str, nodes: Sequence[Step], attributes: Sequence[Mapping[str, float]]) -> float:
    """The sum of an attribute over all nodes, opaque ones left out; NaN if it is not known of one of the others."""
    pairs = zip(nodes, attributes, strict=True)
    return math.fsum(each.get(name, math.nan) for node, each in pairs if node.op in OPERATIONS)


def _of_inputs(shapes: Sequence[tuple[int, ...] | None]) -> dict[str, float]:
    """Batch and image width, as the inputs have them."""
    known = [shape for shape in shapes if shape]
    images = [shape for shape in known if len(shape) >= 4]
    return {
        "batch": float(known[0][0]) if known else math.nan,
        "resolution": float(images[0][-1]) if images else math.nan,
    }
