"""The description of an operation in words, for a sentence encoder: its class, its name, its numbers.

Source: LeDG-Former (arXiv 2506.07735) gives the template: class word, operation, key attributes ("ParamL Conv 3"). Its
words are not published; these are ours.
"""

from __future__ import annotations

import re

from archflow.importers.vocabulary import (
    ACTIVATIONS,
    ARITHMETIC,
    CONVOLUTIONS,
    MATRICES,
    MOVES,
    NORMS,
    POOLS,
    REDUCTIONS,
)

_CLASSES = (
    ("parameterised layer", (*CONVOLUTIONS, *MATRICES, *NORMS)),
    ("activation", ACTIVATIONS),
    ("pooling", POOLS),
    ("arithmetic", ARITHMETIC),
    ("reduction", REDUCTIONS),
    ("data movement", MOVES),
)
_CLASS_OF = {op: kind for kind, ops in _CLASSES for op in ops}
_KEYWORDS = (
    ("no operation", ("none", "zero", "zeroize")),
    ("identity", ("skip", "identity", "id")),
    ("pooling", ("pool", "maxpool", "avgpool", "pooling")),
    ("parameterised layer", ("conv", "convolution", "linear", "gat", "gcn", "mlp", "attention", "lstm", "gru")),
)
"""Words in a name that determine its class if the importers' vocabulary lacks the name."""

_SPELT = {
    "conv": "convolution",
    **{f"conv{axes}d": f"convolution {axes}d" for axes in (1, 2, 3)},
    "nor": "",
    "sep": "separable",
    "dil": "dilated",
    "avg": "average",
    "max": "maximum",
    "id": "identity",
    "maxpool": "maximum pool",
    "avgpool": "average pool",
}
_NUMBERS = {"k": "kernel", "e": "expansion", "g": "groups", "s": "stride"}
_MOBILE = re.compile(r"k\d+_e\d+(_g\d+)?(_se)?")
"""Names of inverted residual blocks: kernel, expansion, groups."""


def operation_words(op: str) -> str:
    """Describe an operation in words.

    Args:
        op: Its name in a vocabulary; fused operations are joined by `+`.

    Returns:
        A description such as `parameterised layer, convolution, kernel 3` for `nor_conv_3x3`.
    """
    return " then ".join(_one(part) for part in op.split("+")) or "unknown operation"


def _one(op: str) -> str:
    name = op.strip("[]").lower()
    if _MOBILE.fullmatch(name):
        return ", ".join(["parameterised layer", "inverted residual block", *_numbered(name)[1]])
    words, numbers = _numbered(name)
    kind = _CLASS_OF.get(op) or next((kind for kind, keys in _KEYWORDS if set(keys) & set(words)), "")
    kind = kind or next((_CLASS_OF[word] for word in words if word in _CLASS_OF), "")
    spoken = " ".join(_SPELT.get(word, word) for word in words)
    return ", ".join(part for part in (kind, " ".join(spoken.split()), *numbers) if part)


def _numbered(name: str) -> tuple[list[str], list[str]]:
    """The words of a name, and its numbers in words."""
    words, numbers = [], []
    for word in re.findall(r"\d+x\d+|[a-z]+(?=\d+x\d+)|[^_\s-]+", name):
        size = re.fullmatch(r"(\d+)x(\d+)", word)
        short = re.fullmatch(r"([kegs])(\d+)", word)
        if size:
            numbers.append(f"kernel {size[1]}" if size[1] == size[2] else f"kernel {size[1]} by {size[2]}")
        elif short:
            numbers.append(f"{_NUMBERS[short[1]]} {short[2]}")
        else:
            words.append(word)
    return words, numbers
