"""Words that several devices have in common, such as the name of a processor core."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.predict.contexts.base import CONTEXTS, ContextKind

MOST = 64
"""The maximum number of words; the most frequent ones are kept."""

_WORD = re.compile(r"[^\W\d_][\w-]*")


@CONTEXTS.register("words")
@dataclass(frozen=True)
class SharedWords(ContextKind):
    """A column for each word that at least two sentences have and one does not.

    Words such as `Cortex-A53` show what devices have in common, including a device without measurements.

    Attributes:
        words: The words, in lower case.
    """

    words: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        counts = Counter(word for sentence in sentences for word in words_of(sentence))
        shared = [word for word, count in counts.items() if 1 < count < len(sentences)]
        return cls(tuple(sorted(shared, key=lambda word: (-counts[word], word))[:MOST]))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"word:{word}" for word in self.words)

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        values = np.zeros((len(sentences), len(self.words)))
        for row, sentence in zip(values, sentences, strict=True):
            own = words_of(sentence)
            row[:] = [word in own for word in self.words]
        return values

    def to_json(self) -> dict[str, Any]:
        return {"words": list(self.words)}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        return cls(saved.texts(about, "words"))


def words_of(sentence: str) -> set[str]:
    """The words of a sentence in lower case: letters, then letters, digits and hyphens."""
    return {word.lower().rstrip("-") for word in _WORD.findall(sentence.replace("\N{NON-BREAKING HYPHEN}", "-"))}
