"""The text formats of a DARTS genotype.

- JSON: `{"normal": [["sep_conv_3x3", 0], ["skip_connect", 1], ...], "reduce": [...]}`
- that of the DARTS code: `Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...], ...)`
- that of aw_nas: `CNNGenotype(normal_0=[('sep_conv_3x3', 0, 2), ...], reduce_1=[...], normal_0_concat=...)`, with the
  number of the node after that of its predecessor
- that of NNI: `{"normal/op_2_0": "sep_conv_3x3", "normal/input_2_0": 0, "normal/op_2_1": ..., "reduce/op_2_0": ...}`
- compact: `(((0, 3), (1, 2), ...), (...))`, pairs of predecessor and operation number, normal cell first. Operations
  are numbered from 0 without `none`, as NASLib does; in BANANAS's own files `none` is 0 and all others are one higher.

All formats are Python literals and calls: Python's parser reads them, and nothing is evaluated. They may appear as in
source files: `NAME = Genotype(...)`, `genotypes.Genotype(...)`, `np.int64(3)` for 3.

A cell lists eight operations with their predecessors, two per intermediate node in order, flat or in pairs. Choices are
those of `archflow.spaces.darts.graph`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.spaces.darts.graph import OPERATIONS, REACH, STEPS

_BEFORE = re.compile(r"\s*(\w+\s*=\s*)?((\w+\s*\.\s*)+(?=(CNN)?Genotype))?")
_UNUSUAL = re.compile(r"[^\s!-\[\]-~]", re.ASCII)
"""Characters that no genotype contains: non-ASCII, control characters, backslashes."""

_NAMED = {op: number for number, op in enumerate(OPERATIONS)}
_NUMBERED = {number - 1: number for number in range(1, len(OPERATIONS))}
_JSON = [[json.dumps([op, predecessor]) for predecessor in range(REACH.max())] for op in OPERATIONS]
_AW_NAS = {
    f"{cell}_{number}{end}": f"{cell}{end}"
    for number, cell in enumerate(("normal", "reduce"))
    for end in ("", "_concat")
}
_FIELDS = ("normal", "reduce", "normal_concat", "reduce_concat")
_PREDECESSORS = [{node: node for node in range(reach)} for reach in REACH.tolist()]
_SHOWN = 24
"""How many characters of a wrong string an error shows."""

_LONGEST = 10_000


def read(text: str) -> NDArray[np.int64]:
    """Parse any of the formats into choices (2, 8, 2).

    Raises:
        ArchflowError: If the text is wrong; the message names the character.
    """
    return _Reader(text).choices()


def json_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> JSON."""
    normal, reduce = (", ".join(_JSON[op][predecessor] for predecessor, op in cell) for cell in choices.tolist())
    return f'{{"normal": [{normal}], "reduce": [{reduce}]}}'


def genotype_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> the `Genotype(...)` of the DARTS code."""
    normal, reduce = (_named(cell) for cell in choices)
    return f"Genotype(normal={normal}, normal_concat=range(2, 6), reduce={reduce}, reduce_concat=range(2, 6))"


def compact_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> index pairs. Raises ArchflowError for `none`, which has no number in this format."""
    if (choices[..., 1] == _NAMED["none"]).any():
        raise ArchflowError("the compact form has no number for none: use the JSON or Genotype form")
    return str(tuple(tuple((predecessor, op - 1) for predecessor, op in cell) for cell in choices.tolist()))


def _named(cell: NDArray[np.int64]) -> list[tuple[str, int]]:
    return [(OPERATIONS[op], predecessor) for predecessor, op in cell.tolist()]


class _Reader:
    """A string as Python's syntax tree.

    It refuses everything that is not part of a genotype, with its position in the string.
    """

    def __init__(self, text: str) -> None:
        self._text, self._begin = text, 0
        if unusual := _UNUSUAL.search(text):
            self.fail(unusual.start(), "ASCII text")
        if len(text) > _LONGEST:
            self.fail(_LONGEST, "the end")
        self._begin = _BEFORE.match(text).end()  # pyright: ignore[reportOptionalMemberAccess] (it matches nothing too)
        source = re.sub(r"\s", " ", text[self._begin :])  # one line, so that columns count characters
        try:
            self._tree = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            self.fail(max(error.offset or 1, 1) - 1, f"a genotype ({error.msg[:80]})")
        except (RecursionError, MemoryError):
            self.fail(0, "a genotype (this is nested too deeply)")

    def fail(self, where: ast.expr | ast.keyword | int, expected: str) -> NoReturn:
        at = self._begin + (where if isinstance(where, int) else where.col_offset)
        found = repr(self._text[at : at + _SHOWN]) if at < len(self._text) else "the end"
        raise ArchflowError(f"genotype: expected {expected} at character {at + 1}, found {found}")

    def choices(self) -> NDArray[np.int64]:
        match self._tree:
            case ast.Dict(keys=[ast.Constant(value=str() as first), *_]) if "/" in first:
                return self._of_nni(self._tree)
            case ast.Dict(keys=keys, values=values):
                names = (getattr(key, "value", None) for key in keys)
                return self._both(list(zip(keys, names, values, strict=True)))
            case ast.Call(func=ast.Name(id="Genotype"), args=[], keywords=keywords):
                return self._both([(keyword, keyword.arg, keyword.value) for keyword in keywords])
            case ast.Call(func=ast.Name(id="CNNGenotype"), args=[], keywords=keywords):
                return self._both([(keyword, _AW_NAS.get(str(keyword.arg)), keyword.value) for keyword in keywords])
            case ast.Tuple(elts=[normal, reduce]) | ast.List(elts=[normal, reduce]):
                return np.array([self._cell(cell, _NUMBERED) for cell in (normal, reduce)])
        self.fail(self._tree, '{"normal": ...}, Genotype(normal=...) or ((predecessor, operation), ...) of two cells')

    def _both(self, fields: Sequence[tuple[ast.expr | ast.keyword | None, object, ast.expr]]) -> NDArray[np.int64]:
        """Both cells from named fields in any order; the fields for concatenation are optional."""
        left, cells = list(_FIELDS), {}
        for where, name, value in fields:
            if name not in left:
                self.fail(where or value, f"a field ({', '.join(left)})")
            left.remove(name)
            cells[name] = self._concat(value) if name.endswith("_concat") else self._cell(value, _NAMED)
        if missing := " and ".join(field for field in left if not field.endswith("_concat")):
            self.fail(_end(self._tree), f"the cell {missing}")
        return np.array([cells["normal"], cells["reduce"]])

    def _of_nni(self, tree: ast.Dict) -> NDArray[np.int64]:
        """Both cells from keys such as `normal/op_2_0` and `normal/input_2_0`, in any order."""
        fields = {getattr(key, "value", None): (key, value) for key, value in zip(tree.keys, tree.values, strict=True)}

        def one(key: str, options: Mapping[Any, int], what: str) -> int:
            if key not in fields:
                self.fail(_end(tree), f"the key {key}")
            value = fields.pop(key)[1]
            if isinstance(value, ast.List) and len(value.elts) == 1:
                value = value.elts[0]
            return self._choose(value, options, what)

        found = [
            [one(f"{cell}/input_{at}", reach, "a predecessor"), one(f"{cell}/op_{at}", _NAMED, "an operation")]
            for cell in ("normal", "reduce")
            for at, reach in zip((f"{2 + step // 2}_{step % 2}" for step in range(STEPS)), _PREDECESSORS, strict=True)
        ]
        for key, value in fields.values():
            self.fail(key or value, "no further key")
        return np.array(found).reshape(2, STEPS, 2)

    def _cell(self, cell: ast.expr, operations: Mapping[Any, int]) -> list[list[int]]:
        steps = self._items(cell)
        if len(steps) == STEPS // 2:
            steps = [step for node in steps for step in self._items(node, 2)]
        if len(steps) != STEPS:
            self.fail(steps[STEPS] if len(steps) > STEPS else _end(cell), f"{STEPS} operations, not {len(steps)}")
        order = 1 if operations is _NAMED else -1
        pairs = [self._pair(step, 2 + number // 2)[::order] for number, step in enumerate(steps)]
        return [
            [self._choose(predecessor, maps, "a predecessor"), self._choose(operation, operations, "an operation")]
            for (operation, predecessor), maps in zip(pairs, _PREDECESSORS, strict=True)
        ]

    def _pair(self, step: ast.expr, node: int) -> list[ast.expr]:
        """Operation and predecessor, or, in the compact format, the reverse; aw_nas adds the number of their node."""
        items = self._items(step)
        if len(items) == 3:
            self._choose(items[2], {node: node}, "the node")
            return items[:2]
        return self._items(step, 2)

    def _items(self, node: ast.expr, count: int | None = None) -> list[ast.expr]:
        if not isinstance(node, ast.List | ast.Tuple) or (count is not None and len(node.elts) != count):
            self.fail(node, f"a list of {count}" if count else "a list")
        return node.elts

    def _choose(self, node: ast.expr, options: Mapping[Any, int], what: str) -> int:
        match node:
            case ast.Constant(value=int() | str() as value) if type(value) is not bool and value in options:
                return options[value]
            case ast.Call(func=ast.Attribute(ast.Name("np" | "numpy"), "int64" | "int32" | "str_"), args=[bare]):
                return self._choose(bare, options, what)
        self.fail(node, f"{what} ({', '.join(map(repr, options))})")

    def _concat(self, node: ast.expr) -> None:
        """Check that all four intermediate nodes are concatenated, as in every cell of this space."""
        match node:
            case ast.Call(func=ast.Name("range"), args=[first, last], keywords=[]):
                found = {2: first, 6: last}
            case _:
                found = dict(zip(range(2, 6), self._items(node, 4), strict=True))
        for number, element in found.items():
            self._choose(element, {number: number}, "an intermediate node")


def _end(node: ast.expr) -> int:
    """The position of the node's closing bracket."""
    return (node.end_col_offset or 1) - 1
