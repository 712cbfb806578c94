"""Cells of NAS-Bench-201 as other programs write them, read as Python literals.

- NASLib: six operation numbers, `(4, 2, 3, 1, 0, 2)`, for the edges 1-2, 1-3, 1-4, 2-3, 2-4, 3-4
- NNI: a dictionary by edge, `{"0_1": "conv_3x3", "0_2": "none", ...}`
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
NNI_NAMES = {"conv_1x1": "nor_conv_1x1", "conv_3x3": "nor_conv_3x3"}

_LONGEST = 1000
_NUMPY = re.compile(r"\b(?:np|numpy)\.u?int\d+\((\d+)\)")


def operations(text: str, edges: Sequence[tuple[int, int]]) -> list[str] | None:
    """The six operations of a cell, in the order of `edges`; None if the text has neither form.

    Operation names are not checked.
    """
    if len(text) > _LONGEST or not text.strip().startswith(("(", "[", "{")):
        return None
    try:
        value = ast.literal_eval(_NUMPY.sub(r"\1", text.strip()))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if isinstance(value, dict) and set(value) == {f"{source}_{target}" for source, target in edges}:
        named = [value[f"{source}_{target}"] for source, target in edges]
        return [NNI_NAMES.get(str(op), str(op)) for op in named]
    numbers = range(len(NASLIB_OPERATIONS))
    if not isinstance(value, tuple | list) or len(value) != len(edges):
        return None
    if not all(type(each) is int and each in numbers for each in value):
        return None
    by_edge = dict(zip(NASLIB_EDGES, value, strict=True))
    return [NASLIB_OPERATIONS[by_edge[edge]] for edge in edges]
