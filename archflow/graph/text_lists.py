"""Lists written as text, one per row: JSON, Python's and NumPy's forms, and comma-separated bare words.

Bare words, as in `[input, conv3x3, output]`, may come with or without brackets; words that contain quotes or brackets
must be quoted. Texts in plain forms are split all at once; others are parsed one by one, each distinct text once.
"""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph.ragged import pointer
from archflow.printable import shown

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = ("null", "None", "nan", "NaN")
"""Bare words that stand for a missing entry. An operation of such a name must be quoted."""

_BLANKS = " \t\n\r\f"
_BARE = r"""[^'"\[\](){}]*"""
_QUOTED = r"""(?:\s*(?:"[^"\\,\r\n]*"|'[^'\\,\r\n]*')\s*,)*\s*(?:"[^"\\,\r\n]*"|'[^'\\,\r\n]*')\s*,?\s*"""
_PLAIN = rf"^\s*(?:\[(?:{_BARE}|{_QUOTED})\]|\((?:{_BARE}|{_QUOTED})\)|{_BARE}|{_QUOTED})\s*$"

_STRING = r"""(?s:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_WORD = r"""[^\s,'"\[\](){}]+(?:[ \t]+[^\s,'"\[\](){}]+)*"""
_ENTRY = re.compile(rf"(?:np|numpy)\.\w+\(\s*({_STRING}|{_WORD})\s*\)|({_STRING}|{_WORD})")
_SEPARATOR = re.compile(r"\s*(,?)\s*")

_PLAIN_NAME = r"""^[^\s\x00-\x1f\x7f,'"\[\](){}]+(?: +[^\s\x00-\x1f\x7f,'"\[\](){}]+)*$"""


def split_lists(column: pa.Array, name: str, *, numbers: bool, keep_last: bool = False) -> pa.ListArray:
    """Split a column (N,) of text into lists of texts, with null for a missing entry.

    Args:
        column: Texts; an empty text is an empty list.
        name: The column's name in errors.
        numbers: Whether the entries are numbers, which may be separated by blanks as in NumPy's `[0 1]`.
        keep_last: Whether an empty entry after the last comma of `[1, ]` counts; that of Python's `(1,)` never does.

    Raises:
        ArchflowError: If a text is not a list; the message names the row.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.fill_null(column, "").cast(pa.string())
    odd = np.flatnonzero(~np.asarray(pc.match_substring_regex(text, _PLAIN), bool))
    plain = _split_plain(
        text if not len(odd) else pc.if_else(_mask(odd, len(text)), "", text), name, numbers, keep_last
    )
    if not len(odd):
        return plain
    encoded = text.take(pa.array(odd)).dictionary_encode()
    parsed = []
    for code, each in enumerate(encoded.dictionary.to_pylist()):
        try:
            parsed.append(entries := parse(each))
            "".join(filter(None, entries)).encode()  # a lone surrogate, which escapes can spell, is not text
        except ValueError as error:
            row = odd[np.argmax(np.asarray(encoded.indices) == code)]
            raise ArchflowError(
                f"row {row}: {name} is not a list: {shown(each)} ({error}); write it as JSON or as [a, b]"
            ) from None
    order = np.arange(len(text))
    order[odd] = len(text) + np.asarray(encoded.indices)
    return pa.concat_arrays([plain, pa.array(parsed, pa.list_(pa.string()))]).take(pa.array(order))


def parse(text: str) -> list[str | None]:
    """Parse one list, with None for a missing entry. Raises ValueError, with the reason, if it is not a list."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _scanned(text)
    if not isinstance(found, list):
        return _scanned(text)
    if any(isinstance(each, dict | list | bool) for each in found):
        raise ValueError("its entries are neither texts nor numbers")
    return [None if each is None or each != each else each if isinstance(each, str) else repr(each) for each in found]


def written(lists: pa.ListArray) -> pa.Array:
    """Write lists (N,) of texts so that `split_lists` reads them back: as bare words, or JSON if one needs quotes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    entries = lists.flatten().dictionary_encode()
    names = entries.dictionary
    bare = pc.and_(pc.match_substring_regex(names, _PLAIN_NAME), pc.invert(pc.is_in(names, pa.array(MISSING))))
    if not pc.all(bare).as_py():
        quoted = pa.array([json.dumps(each) for each in names.to_pylist()], pa.string())
        bounds = pointer(np.asarray(pc.list_value_length(lists))).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(bounds), quoted.take(entries.indices))
    return bracketed(lists)


def bracketed(lists: pa.ListArray) -> pa.Array:
    """Join texts with commas, in brackets."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise("[", pc.binary_join(lists, ", "), "]", "")


def _split_plain(text: pa.Array, name: str, numbers: bool, keep_last: bool) -> pa.ListArray:
    """As `split_lists`, for texts in plain forms only."""
    import pyarrow as pa
    import pyarrow.compute as pc

    outer = pc.ascii_trim(text, characters=_BLANKS)
    inner = pc.ascii_trim(pc.ascii_trim(outer, characters="[]()"), characters=_BLANKS)
    last = pc.and_(pc.ends_with(inner, ","), pc.match_substring_regex(outer, r"^\(" if keep_last else r"^[\[(]"))
    if pc.any(last).as_py():
        without = pc.ascii_rtrim(pc.utf8_slice_codeunits(inner, 0, -1), characters=_BLANKS)
        inner = pc.if_else(last, without, inner)
    if numbers and pc.any(pc.match_substring_regex(inner, r"^[^,]*\s")).as_py():
        inner = pc.if_else(pc.match_substring(inner, ","), inner, pc.replace_substring_regex(inner, r"\s+", ","))
    lists = pc.split_pattern(inner, ",")
    entries = pc.ascii_trim(lists.flatten(), characters=_BLANKS)
    # An empty text splits into one empty entry, but means none.
    none, counts = np.asarray(pc.equal(inner, "")), np.diff(np.asarray(lists.offsets, np.int64))
    bounds = pointer(np.where(none, 0, counts))
    entries = entries.filter(pa.array(np.repeat(~none, counts)))
    broken = pc.index(pc.match_substring_regex(entries, r"[\r\n]"), True).as_py()
    if broken >= 0:
        row = int(np.searchsorted(bounds, broken, side="right")) - 1
        raise ArchflowError(
            f"row {row}: {name} holds {shown(entries[broken].as_py())}, with a line break inside; put it in quotes"
        )
    entries = pc.if_else(pc.is_in(entries, pa.array(MISSING)), pa.scalar(None, pa.string()), entries)
    if pc.any(pc.match_substring_regex(text, """['"]""")).as_py():
        entries = pc.replace_substring_regex(entries, r"""^(?:"(.*)"|'(.*)')$""", r"\1\2")
    return pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), entries)


def _scanned(text: str) -> list[str | None]:
    """Parse a list that is not JSON. Raises ValueError if it is not a list."""
    inner = text.strip()
    if inner[:1] in ("[", "(") or inner[-1:] in ("]", ")"):
        if (inner[0], inner[-1]) not in (("[", "]"), ("(", ")")) or len(inner) < 2:
            raise ValueError("its brackets do not match")
        inner = inner[1:-1].strip()
    entries, separators, at = [], set(), 0
    while at < len(inner):
        entry = _ENTRY.match(inner, at)
        if entry is None:
            raise ValueError(f"at character {text.index(inner) + at + 1} there is {shown(inner[at : at + 12])}")
        entries.append(_value(entry[1] or entry[2]))
        separator = _SEPARATOR.match(inner, entry.end())
        assert separator is not None, "it matches nothing at all"
        at = separator.end()
        if at < len(inner):
            separators.add(separator[0].strip() if separator[0] else "nothing")
    if len(separators) > 1 or "nothing" in separators:
        raise ValueError("a comma is missing")
    return entries


def _value(token: str) -> str | None:
    """The value of a quoted text or a bare word."""
    if token[0] not in "'\"":
        return None if token in MISSING else token
    if "\\" not in token:
        return token[1:-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a backslash that escapes nothing
        try:
            return ast.literal_eval(token)
        except (SyntaxError, ValueError):
            raise ValueError(f"the backslash in {shown(token)} escapes nothing; write two of them") from None


def _mask(rows: np.ndarray, count: int) -> pa.Array:
    import pyarrow as pa

    mask = np.zeros(count, bool)
    mask[rows] = True
    return pa.array(mask)
