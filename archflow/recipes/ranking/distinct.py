"""The distinct architectures among any number of candidates: a hash table of fixed size, filled many rows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Digests = NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)


def first_of_each(digests: Digests) -> NDArray[np.int64]:
    """Digests (N, 2) -> (M,) the rows in which a digest occurs for the first time, in ascending order."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable
    ordered = digests[order]
    different = np.ones(len(order), bool)
    different[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return np.sort(order[different])


class Distinct:
    """A set of at most `bound` digests of 128 bits; what comes after them is compared with them and not added.

    It takes 34 to 68 bytes per digest of the bound, whatever it holds: an open addressing table, at most half full.

    Args:
        bound: The number of digests that are remembered.
    """

    def __init__(self, bound: int) -> None:
        bits = max(1, (2 * bound - 1).bit_length())
        self.bound, self.count = bound, 0
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        self._keys, self._used = np.zeros((1 << bits, 2), np.uint64), np.zeros(1 << bits, bool)

    @property
    def full(self) -> bool:
        """Whether no further digest is remembered."""
        return self.count >= self.bound

    @property
    def digests(self) -> Digests:
        """(count, 2) the remembered digests, in no particular order."""
        return self._keys[self._used]

    def add(self, digests: Digests) -> NDArray[np.bool_]:
        """Remember digests (N, 2), no two of them equal, as long as there is room, and return which are new (N,)."""
        new = ~self._found(digests)
        self._insert(digests[new][: self.bound - self.count])
        return new

    def _found(self, digests: Digests) -> NDArray[np.bool_]:
        found, rows, slots = np.zeros(len(digests), bool), np.arange(len(digests)), self._slots(digests)
        while len(rows):
            used = self._used[slots]
            same = used & (self._keys[slots] == digests[rows]).all(axis=1)
            found[rows[same]] = True
            on = used & ~same
            rows, slots = rows[on], slots[on] + 1 & self._mask
        return found

    def _insert(self, digests: Digests) -> None:
        self.count += len(digests)
        slots = self._slots(digests)
        while len(digests):
            free = ~self._used[slots]
            self._keys[slots[free]] = digests[free]  # of several in one slot, one stays
            self._used[slots[free]] = True
            on = ~(free & (self._keys[slots] == digests).all(axis=1))
            digests, slots = digests[on], slots[on] + 1 & self._mask

    def _slots(self, digests: Digests) -> NDArray[np.int64]:
        return ((digests[:, 0] * _FIRST + digests[:, 1] * _SECOND) >> self._shift).astype(np.int64)
