"""Path encoding: the sequences of operations that lead from the input to the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import FEATURES, Features
from archflow.features.kinds import Kinds
from archflow.features.varying import as_float32, blocks, distinct, telling_apart, typical
from archflow.graph import ArchitectureSet
from archflow.graph.ragged import Ints, pointer, positions
from archflow.graph.table import Table

BOUND = 256
"""The maximum number of sequences, the most frequent ones, as in the paper's truncated encoding."""

_LONGEST = 64
"""The maximum number of nodes in a sequence."""

_AT_ONCE = 1 << 18
"""The maximum number of pairs of a node and a sequence ending there that are held at once in the search. There can be
exponentially many; if there are more than this, the rarest sequences are dropped."""

_NODES = 1 << 15
"""Nodes that are processed at once: each may be the end of as many sequences as there are columns."""


@FEATURES.register("paths")
@dataclass(frozen=True)
class Paths(Features):
    """Whether a sequence of kinds occurs as the nodes along a path.

    Paths lead from nodes without predecessors to nodes without successors.
    The most frequent sequences that not all architectures have are found once, by growing prefixes one node at a time;
    a prefix that only one architecture has is dropped. Later, architectures are matched against these sequences in
    linear time.

    Source: White et al., A Study on Encodings for Neural Architecture Search (NeurIPS 2020), section 3.

    Attributes:
        kinds: The kinds of nodes.
        sequences: The sequences of kinds.
    """

    kinds: Kinds
    sequences: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        architectures = typical(table.architectures)
        kinds = Kinds.of(architectures)
        features = cls(kinds, tuple(_frequent(architectures, kinds.of_nodes(architectures), len(kinds))))
        kept = telling_apart(features(Table(architectures)))
        return cls(kinds, tuple(features.sequences[column] for column in kept))

    @property
    def operations(self) -> tuple[str, ...]:
        return self.kinds.ops

    @cached_property
    def names(self) -> tuple[str, ...]:
        kinds = self.kinds.names
        return tuple(distinct(f"path:{' > '.join(kinds[kind] for kind in sequence)}" for sequence in self.sequences))

    def __call__(self, table: Table) -> NDArray[np.float32]:
        architectures = self.kinds.recoded(table.architectures)
        result = np.zeros((len(architectures), len(self.sequences)), np.float32)
        if self.sequences and len(architectures):
            tree = _Tree.of(self.sequences, len(self.kinds))
            for rows in blocks(architectures, _NODES):
                whole = len(rows) == len(architectures)
                result[rows] = as_float32(self._values(architectures if whole else architectures.select(rows), tree))
        return result

    def _values(self, architectures: ArchitectureSet, tree: _Tree) -> NDArray[np.bool_]:
        kind = self.kinds.of_nodes(architectures)
        step = _Steps.of(architectures)
        found = np.zeros((len(architectures), len(self.sequences)), bool)
        node = np.flatnonzero(step.begins)
        state = tree.after(np.zeros(len(node), np.int64), kind[node])
        while True:
            node, state = _unique_pairs(node[state > 0], state[state > 0])
            if not len(node):
                return found
            column = np.where(step.ends[node], tree.column[state], -1)
            found[architectures.node_owner[node[column >= 0]], column[column >= 0]] = True
            node, origin = step.forward(node)
            state = tree.after(state[origin], kind[node])

    def to_json(self) -> dict[str, Any]:
        return {"kinds": self.kinds.to_json(), "sequences": [list(sequence) for sequence in self.sequences]}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        kinds = Kinds.from_json(saved.entry(about, "kinds"))
        given = saved.lists(about, "sequences")
        sequences = tuple(saved.integers(sequence, "sequences", len(kinds)) for sequence in given)
        if len(set(sequences)) < len(sequences) or not all(0 < len(each) <= _LONGEST for each in sequences):
            raise saved.damaged("a sequence is empty, too long, or given twice")
        return cls(kinds, sequences)


@dataclass(frozen=True)
class _Steps:
    """Where paths begin and end, as (V,) masks, and the successors of each node."""

    begins: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    target: Ints
    first: Ints

    @classmethod
    def of(cls, architectures: ArchitectureSet) -> Self:
        source, target = architectures.edge_nodes
        adjacency = architectures.adjacency
        order = np.argsort(source, kind="stable")
        return cls(adjacency.degree == 0, adjacency.out_degree == 0, target[order], pointer(adjacency.out_degree))

    def forward(self, node: Ints) -> tuple[Ints, Ints]:
        """All successors of nodes (M,), and for each the index in M of its predecessor."""
        count = self.first[node + 1] - self.first[node]
        return self.target[positions(self.first[node], count, pointer(count))], np.repeat(np.arange(len(node)), count)


@dataclass(frozen=True)
class _Tree:
    """Sequences as a prefix tree; state 0 is the empty prefix.

    Attributes:
        steps: Ascending codes `state * kinds + kind` of the transitions.
        states: The state that each transition leads to.
        column: For each state, the sequence that ends there, or -1.
        kinds: The number of kinds.
    """

    steps: Ints
    states: Ints
    column: Ints
    kinds: int

    @classmethod
    def of(cls, sequences: tuple[tuple[int, ...], ...], kinds: int) -> Self:
        known: dict[int, int] = {}
        column = {}
        for number, sequence in enumerate(sequences):
            state = 0
            for kind in sequence:
                state = known.setdefault(state * kinds + kind, len(known) + 1)
            column[state] = number
        steps = np.array(sorted(known), np.int64)
        states = np.array([known[step] for step in steps.tolist()], np.int64)
        return cls(steps, states, np.array([column.get(state, -1) for state in range(len(known) + 1)]), kinds)

    def after(self, state: Ints, kind: Ints) -> Ints:
        """(M,) the states after one more node; 0 where no sequence continues that way."""
        code = state * self.kinds + kind
        place = np.searchsorted(self.steps, code).clip(max=len(self.steps) - 1)
        return np.where(self.steps[place] == code, self.states[place], 0)


def _frequent(architectures: ArchitectureSet, kind: Ints, kinds: int) -> list[tuple[int, ...]]:
    """The most frequent sequences, without those in all architectures or in only one."""
    step = _Steps.of(architectures)
    owner, rows = architectures.node_owner, len(architectures)
    grown: list[Ints] = []  # per step the codes of its prefixes: the prefix before in the previous step, and a kind
    found: list[tuple[int, tuple[int, ...]]] = []
    node = np.flatnonzero(step.begins)
    before = np.zeros(len(node), np.int64)
    for _ in range(_LONGEST):
        codes, state = np.unique(before * kinds + kind[node], return_inverse=True)
        grown.append(codes)
        node, state = _unique_pairs(node, state)
        there = _rows_of(state, owner[node], len(codes))
        complete = step.ends[node]
        ended = _rows_of(state[complete], owner[node[complete]], len(codes))
        telling = np.flatnonzero((ended > 1) & (ended < rows))
        if len(telling) > BOUND:
            telling = telling[ended[telling] >= np.partition(ended[telling], -BOUND)[-BOUND]]
        found = sorted([*found, *((-int(ended[i]), _sequence(grown, i, kinds)) for i in telling.tolist())])[:BOUND]
        follow = step.first[node + 1] - step.first[node]
        pairs = np.bincount(state, follow * (there[state] > 1), len(codes))
        order = np.argsort(-there, kind="stable")
        kept = np.zeros(len(codes), bool)
        kept[order] = np.cumsum(pairs[order]) <= _AT_ONCE
        keep = kept[state] & (there[state] > 1)
        node, state = node[keep], state[keep]
        node, origin = step.forward(node)
        before = state[origin]
        if not len(node):
            break
    return [sequence for _, sequence in found]


def _sequence(grown: list[Ints], prefix: int, kinds: int) -> tuple[int, ...]:
    """The kinds of a prefix of the last step."""
    backwards = []
    for codes in reversed(grown):
        prefix, kind = divmod(int(codes[prefix]), kinds)
        backwards.append(kind)
    return tuple(reversed(backwards))


def _rows_of(state: Ints, owner: Ints, states: int) -> Ints:
    """(states,) number of rows in which each state occurs."""
    state, _ = _unique_pairs(state, owner)
    return np.bincount(state, minlength=states)


def _unique_pairs(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """The distinct pairs of numbers (M,), in ascending order."""
    width = int(second.max(initial=0)) + 1
    codes = np.sort(first * width + second)  # several times faster than `np.unique`, which hashes
    first, second = np.divmod(codes[np.diff(codes, prepend=-1) > 0], width)
    return first, second
