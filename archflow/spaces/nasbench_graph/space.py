"""The NAS-Bench-Graph search space: trees of four graph-neural-network layers.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022 Datasets and
Benchmarks.

As a graph: `input`, the four operations, `output`. Every operation reads the input or one earlier operation; operations
that no other operation reads lead to the output.
"""

from __future__ import annotations

import json
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer
from archflow.spaces.base import SPACES, SearchSpace
from archflow.spaces.nasbench_graph.official_hash import (
    NODES,
    OPERATIONS,
    all_hashes,
    digits,
    kept_hashes,
    least_hashes,
    official,
    rehung,
)
from archflow.spaces.native_json import read_object, shown, shown_value

VOCABULARY = Vocabulary(("input", "output", *OPERATIONS))


@SPACES.register("nasbench_graph")
class NASBenchGraph(SearchSpace):
    """26,206 architectures; a native string is `{"link": [0, 0, 1, 1], "ops": ["gat", "gcn", "fc", "skip"]}`.

    `link` gives the input of each of the four nodes: 0 for the data, 1 for the first node, and so on. Any `link` and
    `ops` can be parsed; the result is the architecture that the benchmark keeps for that network. Networks cannot be
    built.
    """

    name = "nasbench_graph"
    vocabulary = VOCABULARY
    size = 26_206

    def parse(self, text: str) -> Architecture:
        fields = read_object(text, ("link", "ops"))
        for name, values in fields.items():
            if not isinstance(values, list) or len(values) != NODES:
                raise ArchflowError(f"{shown(text)}: field {name!r} is a list of {NODES} entries, one per node")
        for node, (source, op) in enumerate(zip(fields["link"], fields["ops"], strict=True)):
            if type(source) is not int or not 0 <= source <= node:
                found, allowed = shown_value(source), ", ".join(map(str, range(node + 1)))
                raise ArchflowError(f"{shown(text)}: link[{node}] is {found}, use one of {allowed}")
            if op not in OPERATIONS:
                found, allowed = shown_value(op), ", ".join(OPERATIONS)
                raise ArchflowError(f"{shown(text)}: ops[{node}] is {found}, use one of {allowed}")
        if set(fields["ops"]) == {"skip"}:
            raise ArchflowError(f"{shown(text)}: ops are all 'skip', which computes nothing; use another operation")
        ops = [OPERATIONS.index(op) for op in fields["ops"]]
        (kept,) = kept_hashes(np.array([fields["link"]]), np.array([ops]))
        return self._all[int(np.searchsorted(all_hashes(), kept))]

    def format(self, architecture: Architecture) -> str:
        link, ops = digits([self.official_hash(architecture)])
        return json.dumps({"link": link[0].tolist(), "ops": [OPERATIONS[op] for op in ops[0]]})

    def enumerate(self) -> ArchitectureSet:
        """All architectures, by official hash."""
        return self._all

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over the 26,206 architectures."""
        return self._all.select(generator.integers(0, self.size, count))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All architectures with one other operation, or with one node that reads another, by official hash.

        A change that leaves a `skip` without effect does not count, since it could not be undone.
        """
        own = self.official_hash(architecture)
        (link,), (ops,) = digits([own])
        node, op = (grid.ravel() for grid in np.indices((NODES, len(OPERATIONS))))
        other_ops = np.tile(ops, (len(node), 1))
        other_ops[np.arange(len(node)), node] = op
        hashes = np.concatenate(
            [least_hashes(np.tile(link, (len(node), 1)), other_ops), least_hashes(*rehung(link, ops))]
        )
        return decode_hash(np.setdiff1d(hashes[official(hashes)], [own]))

    def canonical(self, architecture: Architecture) -> str:
        """The official hash."""
        return str(self.official_hash(architecture))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return list(map(str, official_hashes(architectures).tolist()))

    def official_hash(self, architecture: Architecture) -> int:
        """The key of an architecture in the published files. Raises ArchflowError if it is not of this space."""
        return int(official_hashes(ArchitectureSet.from_architectures([architecture], VOCABULARY))[0])

    @cached_property
    def _all(self) -> ArchitectureSet:
        return decode_hash(all_hashes())


def decode_hash(hashes: ArrayLike) -> ArchitectureSet:
    """Official hashes (N,), or a single one -> N architectures.

    Raises:
        ArchflowError: If a number is not an official hash (the message names the row), or is not an integer.
    """
    given = np.atleast_1d(np.asarray(hashes))
    if given.ndim > 1 or (given.size and given.dtype.kind not in "iu"):
        raise ArchflowError(f"official hashes are a list of whole numbers, not {shown(repr(hashes))}")
    hashes = given.astype(np.int64)
    known = official(hashes)
    if not known.all():
        row = int(np.argmin(known))
        raise ArchflowError(f"row {row}: {hashes[row]} is the official hash of no NAS-Bench-Graph architecture")
    link, ops = digits(hashes)
    count, node = len(hashes), np.arange(1, NODES + 1)
    op = np.empty((count, NODES + 2), np.int64)
    op[:, 0], op[:, -1] = VOCABULARY.index("input"), VOCABULARY.index("output")
    op[:, 1:-1] = ops + VOCABULARY.index(OPERATIONS[0])
    unread = (link[:, :, None] != node).all(axis=1)
    there = np.hstack([np.ones((count, NODES), bool), unread])
    source = np.hstack([link, np.tile(node, (count, 1))])[there]
    target = np.tile(np.hstack([node, np.full(NODES, NODES + 1)]), (count, 1))[there]
    nodes, edges = np.arange(count + 1) * (NODES + 2), pointer(there.sum(axis=1))
    return ArchitectureSet(VOCABULARY, op.reshape(-1), nodes, source, target, edges, validate=False)


def official_hashes(architectures: ArchitectureSet) -> NDArray[np.int64]:
    """The keys (N,) of N architectures in the published files.

    Raises:
        ArchflowError: If a graph is not one that `decode_hash` returns; the message names the row.
    """
    coded = architectures.recoded(VOCABULARY)
    fits = coded.node_counts == NODES + 2
    if fits.all():
        ops, reads = coded.op.reshape(-1, NODES + 2), _reads(coded)
        link = np.minimum(reads[:, 1:-1].argmax(axis=2), np.arange(NODES))
        hashes = least_hashes(link, np.maximum(ops[:, 1:-1] - VOCABULARY.index(OPERATIONS[0]), 0))
        fits = official(hashes)
        # Any other fault of a graph shows in that its hash decodes to a different graph.
        again = decode_hash(np.where(fits, hashes, 0))
        fits &= (again.op.reshape(-1, NODES + 2) == ops).all(axis=1) & (_reads(again) == reads).all(axis=(1, 2))
        if fits.all():
            return hashes
    raise ArchflowError(
        f"architecture {int(np.argmin(fits))} is not of NAS-Bench-Graph: give input, four operations and output, each "
        "operation with one input and no skip without effect, numbered as `parse` does"
    )


def _reads(architectures: ArchitectureSet) -> NDArray[np.bool_]:
    """(N, nodes, nodes) whether each node reads each other, for architectures with four operations."""
    reads = np.zeros((len(architectures), NODES + 2, NODES + 2), bool)
    reads[architectures.edge_owner, architectures.edge_dst, architectures.edge_src] = True
    return reads
