"""The native format of NAS-Bench-101 cells: a JSON object on one line.

`module_adjacency` is a square matrix of 0 and 1 with row = source and column = target, and `module_operations` a list
of names, `input` first and `output` last: the fields that the benchmark's API uses for a cell.

Also read are the arguments of the API's `ModelSpec(matrix=..., ops=...)`, as a call or a dictionary, and NNI's
dictionary `{"op1": "conv3x3-bn-relu", ..., "input1": [0], "input2": [0, 1], ...}`.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.spaces.nasbench101.codes import MAX_EDGES, MAX_NODES, OPERATIONS
from archflow.spaces.native_json import read_object, shown, shown_value

_MATRIX, _NAMES = "module_adjacency", "module_operations"
_CALL = re.compile(r"\s*(?:\w+\s*=\s*)?(?:\w+\.)*ModelSpec\s*\((.*)\)\s*", re.DOTALL)
_LONGEST = 10_000


def read(text: str) -> Architecture:
    """Parse a native string into a pruned cell, its nodes in the order of the string.

    As in the published code, nodes on no path from input to output are dropped first, and the limits of the space apply
    to the rest.

    Raises:
        ArchflowError: If the string is wrong; the message names the character or the entry.
    """
    fields = _foreign(text) or read_object(text, (_MATRIX, _NAMES))
    where = f"cell {shown(text)}"
    edges = _edges(fields[_MATRIX], where)
    ops = _operations(fields[_NAMES], len(fields[_MATRIX]), where)
    try:
        cell = Architecture(ops, edges).pruned()
    except ArchflowError:
        raise ArchflowError(f"{where}: {_MATRIX} has no path from input to output; add edges") from None
    for what, count, limit in (("nodes", len(cell.ops), MAX_NODES), ("edges", len(cell.edges), MAX_EDGES)):
        if count > limit:
            raise ArchflowError(f"{where}: {count} {what} are on paths from input to output; at most {limit} may be")
    return cell


def write(cell: Architecture) -> str:
    """Format a cell as its native string."""
    matrix = [[0] * len(cell.ops) for _ in cell.ops]
    for source, target in cell.edges:
        matrix[source][target] = 1
    return json.dumps({_MATRIX: matrix, _NAMES: cell.ops})


def _foreign(text: str) -> dict[str, Any] | None:
    """The fields of a cell that another program wrote as a Python literal; None if it has another form."""
    call = _CALL.fullmatch(text)
    if len(text) > _LONGEST or not (call or text.strip().startswith("{")):
        return None
    try:
        if call:
            keywords = ast.parse(f"spec({call[1]})", mode="eval").body.keywords  # type: ignore[attr-defined]
            value = {each.arg: ast.literal_eval(each.value) for each in keywords}
        else:
            value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(value, dict):
        return None
    if set(value) == {"matrix", "ops"}:
        return {_MATRIX: value["matrix"], _NAMES: value["ops"]}
    inner = len([key for key in value if isinstance(key, str) and key.startswith("op")])
    inputs = {f"input{node}" for node in range(1, inner + 2)}
    if not inner or set(value) != inputs | {f"op{node}" for node in range(1, inner + 1)}:
        return None
    matrix = [[0] * (inner + 2) for _ in range(inner + 2)]
    for target in range(1, inner + 2):
        sources = value[f"input{target}"]
        for source in sources if isinstance(sources, list) else [sources]:
            if type(source) is not int or not 0 <= source < target:
                raise ArchflowError(f"cell {shown(text)}: input{target} is not a list of earlier nodes, from 0")
            matrix[source][target] = 1
    return {_MATRIX: matrix, _NAMES: ["input", *(value[f"op{node}"] for node in range(1, inner + 1)), "output"]}


def _edges(matrix: Any, where: str) -> tuple[tuple[int, int], ...]:
    if not isinstance(matrix, list) or len(matrix) < 2:
        raise ArchflowError(f"{where}: {_MATRIX} is not a list of at least 2 rows")
    edges = []
    for source, row in enumerate(matrix):
        if not isinstance(row, list) or len(row) != len(matrix):
            raise ArchflowError(f"{where}: {_MATRIX}[{source}] is not a list of {len(matrix)} numbers, as many as rows")
        for target, entry in enumerate(row):
            place = f"{where}: {_MATRIX}[{source}][{target}]"
            if entry not in (0, 1):
                raise ArchflowError(f"{place} is {shown_value(entry)}; use 0 or 1")
            if entry and source >= target:
                raise ArchflowError(f"{place} is 1, an edge that does not go forward; number nodes so that all do")
            if entry:
                edges.append((source, target))
    return tuple(edges)


def _operations(names: Any, nodes: int, where: str) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) != nodes:
        raise ArchflowError(f"{where}: {_NAMES} is not a list of {nodes} names, one per row of {_MATRIX}")
    for node, name in enumerate(names):
        allowed = ("input",) if node == 0 else ("output",) if node == nodes - 1 else OPERATIONS
        if name not in allowed:
            raise ArchflowError(f"{where}: {_NAMES}[{node}] is {shown_value(name)}; use {' or '.join(allowed)}")
    return tuple(names)
