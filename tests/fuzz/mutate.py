"""Damage: random changes of bytes, of JSON, and odd values."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np

Random = np.random.Generator

DEEP = 10_000

ODD_TEXT = (
    "", " ", "nan", "None", "null", "-", "[/b]", "\x1b[31m", "a\nb", "\ud800", "../x", "x" * 5000, "1e400", "{", "0x10",
)  # fmt: skip
ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 1e308, -1e308, 1e-308, 0.5, float("inf"), float("nan"), True)


def odd(random: Random) -> Any:
    """A value that hardly any field expects."""
    kind = random.integers(8)
    if kind == 0:
        return None
    if kind == 1:
        return chosen(random, ODD_TEXT)
    if kind == 2:
        return [chosen(random, ODD_NUMBERS)] * int(random.integers(4))
    if kind == 3:
        return {chosen(random, ODD_TEXT): chosen(random, ODD_NUMBERS)}
    if kind == 4:
        return [[], {}, "x", None]
    return chosen(random, ODD_NUMBERS)


def chosen(random: Random, values: Any) -> Any:
    """One of the values."""
    return values[int(random.integers(len(values)))]


def damaged_bytes(content: bytes, random: Random) -> bytes:
    """The content with one to four changes: bytes flipped, cut, doubled, put in; numbers made odd; the end cut off."""
    data = bytearray(content)
    for _ in range(int(random.integers(1, 5))):
        if not data:
            break
        at = int(random.integers(len(data)))
        length = int(random.integers(1, 1 + min(64, len(data) - at)))
        change = random.integers(6)
        if change == 0:
            data[at] ^= 1 << int(random.integers(8))
        elif change == 1:
            del data[at : at + length]
        elif change == 2:
            data[at:at] = data[at : at + length]
        elif change == 3:
            data[at:at] = bytes(random.integers(0, 256, length, dtype=np.uint8))
        elif change == 4:
            text = json.dumps(chosen(random, ODD_NUMBERS[:5])) if random.integers(2) else chosen(random, ODD_TEXT)
            data[at : at + length] = text.encode("utf-8", "surrogatepass")
        else:
            del data[at:]
    return bytes(data)


def damaged_json(content: Any, random: Random) -> Any:
    """A copy of JSON content in which one value is odd, missing, doubled or deeply nested."""
    content = copy.deepcopy(content)
    holders = [holder for holder in _holders(content) if len(holder)]
    if not holders:
        return odd(random)
    holder = chosen(random, holders)
    key = chosen(random, list(holder) if isinstance(holder, dict) else range(len(holder)))
    change = random.integers(8)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[chosen(random, ODD_TEXT)] = holder[key]
    elif change == 1:
        holder.append(copy.deepcopy(holder[key]))
    elif change == 2 and isinstance(holder[key], int | float):
        holder[key] = chosen(random, ODD_NUMBERS)
    elif change == 3:
        holder[key] = {"deep": DEEP}
    else:
        holder[key] = odd(random)
    return content


def json_text(content: Any) -> str:
    """JSON with everything that Python can write, NaN and infinities included; {"deep": n} becomes n nested lists."""
    text = json.dumps(content)
    return text.replace(json.dumps({"deep": DEEP}), "[" * DEEP + "]" * DEEP)


def _holders(content: Any) -> list[Any]:
    found = [content] if isinstance(content, dict | list) else []
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for each in inner:
        found += _holders(each)
    return found
