"""Numbers in operation names: `mbconv_k5_e6_c96` is `mbconv` with kernel 5, expansion 6 and 96 channels."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.vocabulary import Vocabulary

LETTERS = {
    "k": "kernel",
    "c": "channels",
    "e": "expansion",
    "s": "stride",
    "d": "dilation",
    "g": "groups",
    "r": "resolution",
    "h": "heads",
}
"""The attributes that single letters before a number stand for; other letters are themselves attribute names."""

_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_PART = re.compile(rf"([a-zA-Z]+)({_NUMBER})")
_SQUARE = re.compile(rf"([a-zA-Z]*)({_NUMBER})x\2((?:[a-zA-Z]{_NUMBER})*)")


def split_name(name: str) -> tuple[str, dict[str, float]]:
    """Split an operation's name into the name without numbers, and the numbers by attribute.

    Names are split into parts at `_` or `-`. The first part belongs to the name, except for a size such as `3x3` at its
    end; in the others, a size is the kernel, and letters before a number are an attribute: `conv3x3`, `sep_conv_5x5`,
    `conv_k3_c64`, `stem_conv3x3s2`. A name that would give an attribute twice, or leave no name, is not split.
    """
    first, *rest = re.split(r"([_-])", name)
    found: list[tuple[str, str]] = []
    base = _without_size(first, found)
    for separator, part in zip(rest[::2], rest[1::2], strict=True):
        attribute = _PART.fullmatch(part)
        if attribute:
            found.append((attribute[1], attribute[2]))
            continue
        left = _without_size(part, found)
        base += separator + left if left or not part else ""
    numbers = {LETTERS.get(letters, letters): float(number) for letters, number in found}
    is_number = (letters := _PART.fullmatch(first)) is not None and letters[1] in LETTERS
    if is_number or not re.search("[a-zA-Z]", base) or len(numbers) < len(found):
        return name, {}
    return base, numbers


def joined_name(base: str, numbers: Mapping[str, float]) -> str:
    """Put numbers into a name, so that `split_name` reads them back."""
    letters = {attribute: letter for letter, attribute in LETTERS.items()}
    return "_".join((base, *(f"{letters.get(name, name)}{value:.9g}" for name, value in numbers.items())))


def numbers_from_names(architectures: ArchitectureSet) -> ArchitectureSet:
    """The same architectures with the numbers in their operations' names as additional node attributes.

    The vocabulary is that of the names without numbers: `conv` and `conv_k3` are one operation, and the attribute
    `kernel` does not apply to the first.

    Raises:
        ArchflowError: If a name and an attribute column give a node different numbers; the message names the row.
    """
    split = [split_name(op) for op in architectures.vocabulary.ops]
    vocabulary = Vocabulary.of(base for base, _ in split)
    names = list(dict.fromkeys((*architectures.attribute_names, *(name for _, numbers in split for name in numbers))))
    columns = []
    for name in names:
        given = architectures.attribute(name)
        in_name = np.array([numbers.get(name, np.nan) for _, numbers in split], np.float32)[architectures.op]
        differ = (given != in_name) & ~np.isnan(given) & ~np.isnan(in_name)
        if differ.any():
            node = int(np.argmax(differ))
            raise ArchflowError(
                f"row {architectures.node_owner[node]}: {architectures.vocabulary.ops[architectures.op[node]]!r} has "
                f"{name} {given[node]:g} in its column; make name and column agree, or leave one empty"
            )
        columns.append(np.where(np.isnan(given), in_name, given))
    ids = np.array([vocabulary.index(base) for base, _ in split], np.int32)
    return architectures.replaced(
        vocabulary=vocabulary,
        op=ids[architectures.op] if len(ids) else architectures.op,
        attributes=np.stack(columns, axis=1) if columns else None,
        attribute_names=tuple(names),
    )


def _without_size(part: str, found: list[tuple[str, str]]) -> str:
    """A part without the size at its end; the size is added to `found`."""
    size = _SQUARE.fullmatch(part)
    if not size:
        return part
    found.append(("k", size[2]))
    found.extend(re.findall(rf"([a-zA-Z])({_NUMBER})", size[3]))
    return size[1]
