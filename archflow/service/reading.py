"""Tables from the bodies of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.printable import shown
from archflow.registry import Registry
from archflow.service.refused import Refused
from archflow.service.settings import Limits
from archflow.spaces import SPACES, SearchSpace

Part = TypeVar("Part")

Graph = Mapping[str, Any]
"""`ops`, `edges` and perhaps `attributes`, as in JSON."""


def table_of(
    architectures: Sequence[str | Graph],
    columns: Mapping[str, Sequence[float | str | None]],
    space: SearchSpace | None,
    limits: Limits,
) -> Table:
    """The table that a request describes.

    Args:
        architectures: N native strings or graphs.
        columns: Further columns, each of N numbers or texts; null where there is no value.
        space: Reads the native strings.
        limits: What is accepted.

    Raises:
        Refused: If there are too many architectures or nodes, a column has another length, or a native string has no
            space.
        ArchflowError: If an architecture is not valid; the message names its row.
    """
    if len(architectures) > limits.architectures:
        raise Refused(
            413,
            f"{len(architectures):,} architectures, more than the {limits.architectures:,} of a request; send several",
            "architectures",
        )
    graphs = [_graph(row, each, space) for row, each in enumerate(architectures)]
    nodes = sum(len(graph["ops"]) for graph in graphs)
    if nodes > limits.nodes:
        raise Refused(
            413, f"{nodes:,} nodes, more than the {limits.nodes:,} of a request; send several", "architectures"
        )
    return _with_columns(Table(_packed(graphs)), columns)


def registered(registry: Registry[Part], name: str, where: str) -> Part:
    """The part of this name. Raises Refused, with the nearest, if there is none.

    A registry itself would also import `package.module:Class`, which a client must not choose.
    """
    if name not in registry.names():
        near = alternatives(name, registry.names())
        raise Refused(422, f"no {registry.kind} is called {shown(name)}; {near}", where)
    return registry.get(name)


def space_named(name: str | None) -> SearchSpace | None:
    """The search space of this name; None for None. Raises Refused if there is none."""
    return None if name is None else registered(SPACES, name, "space")()


def _graph(row: int, given: str | Graph, space: SearchSpace | None) -> Graph:
    if not isinstance(given, str):
        return given
    if space is None:
        raise Refused(422, "a native string needs its search space; give `space`", f"architectures.{row}")
    try:
        parsed = space.parse(given)
    except ArchflowError as error:
        raise Refused(422, str(error), f"architectures.{row}") from None
    return {"ops": parsed.ops, "edges": parsed.edges, "attributes": parsed.attributes}


def _packed(graphs: Sequence[Graph]) -> ArchitectureSet:
    """Pack graphs into a set without making an object of each."""
    names = list(chain.from_iterable(graph["ops"] for graph in graphs))
    vocabulary = Vocabulary.of(names)
    ids = {name: vocabulary.index(name) for name in vocabulary.ops}
    edges = np.array(list(chain.from_iterable(graph["edges"] for graph in graphs)), np.int64).reshape(-1, 2)
    node_ptr = pointer(np.array([len(graph["ops"]) for graph in graphs], np.int64))
    attributes = dict.fromkeys(name for graph in graphs for name in graph.get("attributes") or ())
    values = np.full((len(names), len(attributes)), np.nan, np.float32)
    for place, name in enumerate(attributes):
        for row, graph in enumerate(graphs):
            given = (graph.get("attributes") or {}).get(name)
            if given is not None:
                begin, end = node_ptr[row : row + 2].tolist()
                if len(given) != end - begin:
                    where = f"architectures.{row}.attributes.{name}"
                    raise Refused(422, f"{len(given)} values for {end - begin} nodes; null where none applies", where)
                with np.errstate(over="ignore"):  # the set refuses what is infinite
                    values[begin:end, place] = np.array(given, np.float64)
    return ArchitectureSet(
        vocabulary,
        np.array([ids[name] for name in names], np.int32),
        node_ptr,
        edges[:, 0],
        edges[:, 1],
        pointer(np.array([len(graph["edges"]) for graph in graphs], np.int64)),
        attributes=values if attributes else None,
        attribute_names=tuple(attributes),
    )


def _with_columns(table: Table, columns: Mapping[str, Sequence[float | str | None]]) -> Table:
    numbers, texts = {}, {}
    for name, values in columns.items():
        if len(values) != len(table):
            raise Refused(422, f"{len(values)} values for {len(table)} architectures", f"columns.{name}")
        if any(isinstance(value, str) for value in values):
            texts[name] = [None if value is None else str(value) for value in values]
        else:
            numbers[name] = np.array(values, np.float64)
    table = table.with_metrics(numbers) if numbers else table
    return table.with_texts(texts) if texts else table
