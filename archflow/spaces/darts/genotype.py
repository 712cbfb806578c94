"""The three written forms of a DARTS genotype.

- JSON: `{"normal": [["sep_conv_3x3", 0], ["skip_connect", 1], ...], "reduce": [...]}`
- the DARTS code's: `Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...], ...)`
- compact: `(((0, 3), (1, 2), ...), (...))`, pairs of predecessor and operation number, normal cell first. Operations
  are numbered from 0 without `none`, as NASLib does; in BANANAS's own files `none` is 0 and all others are one higher.

A cell lists eight operations with their predecessors, two of each intermediate node in turn. Choices are those of
`archflow.spaces.darts.graph`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.spaces.darts.graph import OPERATIONS, REACH

_TOKEN = re.compile(r"""\s*("[^"]*"|'[^']*'|\w+|\S)""")
_CLOSING = {"(": ")", "[": "]"}
_NAMED = {op: number for number, op in enumerate(OPERATIONS)}
_NUMBERED = {str(number - 1): number for op, number in _NAMED.items() if op != "none"}
_FIELDS = ("normal", "reduce", "normal_concat", "reduce_concat")
_SHOWN = 24
"""How much of a wrong string an error shows."""


def read(text: str) -> NDArray[np.int64]:
    """Any of the three forms -> choices (2, 8, 2). Raises ArchflowError that says at which character it is wrong."""
    reader = _Reader(text)
    if reader.take("{"):
        cells = _read_fields(reader, ":", "}")
    elif reader.take("Genotype"):
        reader.expect("(")
        cells = _read_fields(reader, "=", ")")
    elif reader.token in _CLOSING:
        closing = reader.open()
        normal = _read_cell(reader, _read_numbered)
        reader.expect(",")
        cells = [normal, _read_cell(reader, _read_numbered)]
        reader.close(closing)
    else:
        reader.fail('{"normal": ...}, Genotype(...) or ((predecessor, operation), ...)')
    reader.expect("")
    return np.array(cells)


def json_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> JSON."""
    cells = (_named(cell) for cell in choices)
    return json.dumps(dict(zip(_FIELDS, ([list(step) for step in cell] for cell in cells), strict=False)))


def genotype_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> the `Genotype(...)` of the DARTS code."""
    normal, reduce = (_named(cell) for cell in choices)
    return f"Genotype(normal={normal}, normal_concat=range(2, 6), reduce={reduce}, reduce_concat=range(2, 6))"


def compact_text(choices: NDArray[np.int64]) -> str:
    """Choices (2, 8, 2) -> index pairs. Raises ArchflowError for `none`, which has no number there."""
    if (choices[..., 1] == _NAMED["none"]).any():
        raise ArchflowError("the compact form has no number for none: use the JSON or Genotype form")
    return str(tuple(tuple((predecessor, op - 1) for predecessor, op in cell) for cell in choices.tolist()))


def _named(cell: NDArray[np.int64]) -> list[tuple[str, int]]:
    return [(OPERATIONS[op], predecessor) for predecessor, op in cell.tolist()]


class _Reader:
    """A string token by token: quoted words, words and numbers, single other characters, `""` at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._matches = _TOKEN.finditer(text)
        self.token, self._at = "", 0
        self._advance()

    def _advance(self) -> None:
        match = next(self._matches, None)
        self.token, self._at = (match[1], match.start(1)) if match else ("", len(self._text))

    def fail(self, expected: str) -> NoReturn:
        found = repr(self._text[self._at : self._at + _SHOWN]) if self.token else "the end"
        raise ArchflowError(f"genotype: expected {expected} at character {self._at + 1}, found {found}")

    def take(self, token: str) -> bool:
        """Whether `token` stood here; it is passed then."""
        stood = self.token == token
        if stood:
            self._advance()
        return stood

    def expect(self, token: str) -> None:
        if not self.take(token):
            self.fail(repr(token) if token else "the end")

    def choose(self, options: Mapping[str, int], what: str, *, quoted: bool = False) -> int:
        """The value of the option that stands here, in quotes or bare."""
        bare = self.token[1:-1] if quoted and self.token[:1] in ('"', "'") else self.token
        if bare not in options or quoted == (bare == self.token):
            self.fail(f"{what} ({', '.join(options)}){' in quotes' if quoted else ''}")
        self._advance()
        return options[bare]

    def open(self) -> str:
        """Passes an opening bracket and returns the closing one that belongs to it."""
        closing = _CLOSING.get(self.token)
        if closing is None:
            self.fail("'(' or '['")
        self._advance()
        return closing

    def close(self, closing: str) -> None:
        """Passes the end of a list; a comma before it is usual in Python."""
        self.take(",")
        self.expect(closing)


_ReadStep = Callable[[_Reader, Mapping[str, int]], list[int]]
"""Reads an operation and its predecessor, one of those given, as [predecessor, operation]."""

_PREDECESSORS = [{str(node): node for node in range(reach)} for reach in REACH.tolist()]


def _read_fields(reader: _Reader, separator: str, closing: str) -> list[list[list[int]]]:
    """Both cells from named fields in any order; what is concatenated may be said or not."""
    cells: dict[str, list[list[int]]] = {}
    left = list(_FIELDS)
    while not ({"normal", "reduce"} <= cells.keys() and reader.token == closing):
        options = {field: number for number, field in enumerate(_FIELDS) if field in left}
        field = _FIELDS[reader.choose(options, "a field", quoted=separator == ":")]
        left.remove(field)
        reader.expect(separator)
        if field.endswith("_concat"):
            _read_concat(reader)
        else:
            cells[field] = _read_cell(reader, _read_named)
        if not reader.take(","):
            break
    missing = " and ".join(field for field in ("normal", "reduce") if field not in cells)
    if missing:
        reader.fail(f"',' and the cell {missing}")
    reader.expect(closing)
    return [cells["normal"], cells["reduce"]]


def _read_cell(reader: _Reader, read_step: _ReadStep) -> list[list[int]]:
    closing = reader.open()
    cell: list[list[int]] = []
    for predecessors in _PREDECESSORS:
        if cell:
            reader.expect(",")
        cell.append(read_step(reader, predecessors))
    reader.close(closing)
    return cell


def _read_named(reader: _Reader, predecessors: Mapping[str, int]) -> list[int]:
    closing = reader.open()
    operation = reader.choose(_NAMED, "an operation", quoted=True)
    reader.expect(",")
    predecessor = reader.choose(predecessors, "a predecessor")
    reader.close(closing)
    return [predecessor, operation]


def _read_numbered(reader: _Reader, predecessors: Mapping[str, int]) -> list[int]:
    closing = reader.open()
    predecessor = reader.choose(predecessors, "a predecessor")
    reader.expect(",")
    operation = reader.choose(_NUMBERED, "the number of an operation")
    reader.close(closing)
    return [predecessor, operation]


def _read_concat(reader: _Reader) -> None:
    """All four intermediate nodes: cells of this space concatenate no others."""
    if reader.take("range"):
        for token in "(2,6)":
            reader.expect(token)
        return
    closing = reader.open()
    for token in "2,3,4,5":
        reader.expect(token)
    reader.close(closing)
