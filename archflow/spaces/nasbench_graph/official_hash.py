"""The official hash of NAS-Bench-Graph, and the canonical description of a network that it is computed from.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022 Datasets and
Benchmarks.

Each of four computing nodes has one input, given by `link` (N, 4): 0 for the data, 1 for the first computing node and
so on; `ops` (N, 4) are indices into `OPERATIONS`. Of all descriptions of one network the benchmark keeps the one where

- no `skip` is idle. A `skip` that other nodes read passes its input to them; one that is the only reader of its input
  passes that to the output; one that passes the data itself to the output is left out by the authors. Idle ones are
  moved to the front, where a chain of them between the data and the rest computes nothing;
- the numbering of the nodes makes `link`, and then `ops`, the smallest.

That leaves 26,206, in nine `LINKS`. The hash is the number of the link and the four operations as decimal digits.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
"""In the order of their digits in the hash."""

LINKS = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
"""Every tree of four nodes once, in the order of their numbers in the hash."""

NODES = 4
SKIP = OPERATIONS.index("skip")
_DIGITS = 10 ** np.arange(NODES - 1, -1, -1)
_OPERATION_DIGITS = len(OPERATIONS) ** np.arange(NODES - 1, -1, -1)
_LIST_DIGITS = np.array([0, 12, 4, 1])
"""Node i reads one of i + 1 earlier ones: these place values give every list its own number below 24."""


def digits(hashes: ArrayLike) -> tuple[Ints, Ints]:
    """Official hashes (N,) -> `link` (N, 4) and `ops` (N, 4)."""
    hashes = np.asarray(hashes, np.int64)
    return np.array(LINKS)[hashes // 10**NODES], hashes[:, None] // _DIGITS % 10


def official(hashes: ArrayLike) -> NDArray[np.bool_]:
    """(N,) whether each number is one of the 26,206 official hashes."""
    hashes, known = np.asarray(hashes, np.int64), all_hashes()
    return known[np.minimum(np.searchsorted(known, hashes), len(known) - 1)] == hashes


@cache
def all_hashes() -> Ints:
    """(26206,) every official hash, ascending."""
    return np.unique(_tables()[1])[1:]


def least_hashes(link: Ints, ops: Ints) -> Ints:
    """(N,) the hashes of the smallest numberings of trees (N, 4), (N, 4) whose nodes come after their inputs."""
    return _tables()[0][_number(link, ops)]


def kept_hashes(link: Ints, ops: Ints) -> Ints:
    """(N,) the official hashes of the networks that such trees describe, -1 where all operations are `skip`."""
    return _tables()[1][_number(link, ops)]


def _with_idle_in_front(link: Ints, ops: Ints) -> tuple[Ints, Ints]:
    """The same networks (N, 4), (N, 4) with every idle `skip` moved to the front."""
    source, there = link.copy(), np.ones(link.shape, bool)
    is_data = np.ones((len(link), NODES + 1), bool)  # for the data and every node: whether it is just the data
    for node in range(NODES):
        own = source[:, node]
        skip = ops[:, node] == SKIP
        is_data[:, node + 1] = skip & np.take_along_axis(is_data, own[:, None], axis=1)[:, 0]
        readers = there & (source == node + 1)
        alone = (there & (source == own[:, None])).sum(axis=1) == 1
        idle = skip & (readers.any(axis=1) | alone | is_data[:, node + 1])
        source = np.where(readers & idle[:, None], own[:, None], source)
        there[:, node] = ~idle
    return _in_order(source, ops, there.astype(np.int64), (~there).sum(axis=1))


def rehung(link: Ints, ops: Ints) -> tuple[Ints, Ints]:
    """One tree (4,), (4,) with each node moved to each other input that leaves it a tree: (M, 4), (M, 4)."""
    node, source = (grid.ravel() for grid in np.indices((NODES, NODES + 1)))
    sources = np.tile(link, (len(node), 1))
    sources[np.arange(len(node)), node] = source
    input_of = np.hstack([np.zeros((len(node), 1), np.int64), sources])
    above, depth = sources, np.ones_like(sources)
    for _ in range(NODES):
        depth += above > 0
        above = np.take_along_axis(input_of, above, axis=1)
    tree = (above == 0).all(axis=1)
    count = int(tree.sum())
    return _in_order(sources[tree], np.tile(ops, (count, 1)), depth[tree], np.zeros(count, np.int64))


def _in_order(source: Ints, ops: Ints, key: Ints, front: Ints) -> tuple[Ints, Ints]:
    """Renumber nodes by `key` (N, 4); the first `front` (N,) of them become a chain of `skip` between data and rest."""
    order = np.argsort(key, axis=1, kind="stable")
    number = np.hstack([front[:, None], np.argsort(order, axis=1) + 1])  # the data's comes first
    chain = np.arange(NODES) < front[:, None]
    link = np.take_along_axis(number, np.take_along_axis(source, order, axis=1), axis=1)
    return np.where(chain, np.arange(NODES), link), np.where(chain, SKIP, np.take_along_axis(ops, order, axis=1))


def _number(link: Ints, ops: Ints) -> Ints:
    """(N,) the index of trees among all lists of inputs, each with all operations."""
    return (link @ _LIST_DIGITS) * len(OPERATIONS) ** NODES + ops @ _OPERATION_DIGITS


@cache
def _tables() -> tuple[Ints, Ints]:
    """Indexed by `_number`: the hashes of the smallest numberings, and the official ones."""
    lists = list(product(*(range(node + 1) for node in range(NODES))))
    every = np.array(list(product(range(len(OPERATIONS)), repeat=NODES)))
    link, ops = np.repeat(np.array(lists), len(every), axis=0), np.tile(every, (len(lists), 1))
    kept = _least_numberings(*_with_idle_in_front(link, ops))
    return _least_numberings(link, ops), np.where((ops == SKIP).all(axis=1), -1, kept)


def _least_numberings(link: Ints, ops: Ints) -> Ints:
    lists = link @ _LIST_DIGITS
    hashes = np.empty(len(link), np.int64)
    for source in np.unique(link, axis=0):
        least, orders = _renumberings(source.tolist())
        rows = lists == source @ _LIST_DIGITS
        hashes[rows] = least * 10**NODES + (ops[rows][:, orders] @ _DIGITS).min(axis=1)
    return hashes


def _renumberings(link: list[int]) -> tuple[int, Ints]:
    """The number of the smallest list that renumbering can make of a list, and the orders (M, 4) that do so."""
    forms: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for order in permutations(range(1, NODES + 1)):
        number = {0: 0, **{node: place for place, node in enumerate(order, start=1)}}
        form = tuple(number[link[node - 1]] for node in order)
        if all(source <= place for place, source in enumerate(form)):
            forms.setdefault(form, []).append(order)
    least = min(forms)
    return LINKS.index(least), np.array(forms[least]) - 1
