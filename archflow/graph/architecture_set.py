"""Many architectures as flat columns: a million of them are a few hundred megabytes, not a million objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph import attributes as node_attributes
from archflow.graph import hashing, topology
from archflow.graph.adjacency import Adjacency
from archflow.graph.architecture import Architecture
from archflow.graph.cells import cells
from archflow.graph.graphs import Graphs, packed
from archflow.graph.ragged import Ints, as_int32, as_pointer, pointer, positions, segment_reduce
from archflow.graph.synonyms import known_as
from archflow.graph.vocabulary import UNKNOWN, Vocabulary
from archflow.printable import shown

_LISTED = 12
"""How many unknown operations an error lists."""


class ArchitectureSet(Graphs):
    """N architectures with V nodes and E edges in all, as flat ragged arrays. Immutable.

    The arrays may be memory-mapped. Everything derived (levels, adjacency, hashes) is computed once, on first use.

    Args:
        vocabulary: The operations that ids refer to.
        op: (V,) operation id of every node.
        node_ptr: (N+1,) node rows of every architecture.
        edge_src, edge_dst: (E,) node indices local to their architecture.
        edge_ptr: (N+1,) edge rows of every architecture.
        attributes: (V, F) numbers of every node, NaN where they do not apply; None if there are none.
        attribute_names: The names of the F columns.

    Raises:
        ArchflowError: naming the row, for whatever `Architecture` would refuse; for arrays that do not fit together.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        op: ArrayLike,
        node_ptr: ArrayLike,
        edge_src: ArrayLike,
        edge_dst: ArrayLike,
        edge_ptr: ArrayLike,
        *,
        attributes: ArrayLike | None = None,
        attribute_names: Iterable[str] = (),
        validate: bool = True,
    ) -> None:
        if not isinstance(vocabulary, Vocabulary):
            raise ArchflowError(f"architecture set: {shown(vocabulary)} is no Vocabulary")
        super().__init__(
            vocabulary,
            as_int32(op),
            as_pointer(node_ptr),
            as_int32(edge_src),
            as_int32(edge_dst),
            as_pointer(edge_ptr),
            *node_attributes.of_set(attributes, attribute_names),
        )
        if validate:
            topology.validate(self)
            node_attributes.validate(self)

    @classmethod
    def from_architectures(
        cls, architectures: Sequence[Architecture], vocabulary: Vocabulary | None = None
    ) -> ArchitectureSet:
        """Pack objects; the vocabulary is that of their operations unless given.

        Raises ArchflowError for an operation that the given vocabulary lacks, and for what is no architecture.
        """
        if isinstance(architectures, Architecture) or not isinstance(architectures, Iterable):
            raise ArchflowError(f"architecture set: {shown(architectures)} is no list of architectures")
        architectures = list(architectures)
        wrong = next((each for each in architectures if not isinstance(each, Architecture)), None)
        if wrong is not None:
            raise ArchflowError(f"architecture set: {shown(wrong)} is no architecture")
        return cls(**packed(architectures, vocabulary).columns, validate=False)

    @classmethod
    def concatenate(cls, sets: Sequence[ArchitectureSet]) -> ArchitectureSet:
        """One set after the other, with the attributes of any of them, NaN where a set has none of that name.

        Raises ArchflowError if their vocabularies differ.
        """
        if not sets:
            raise ArchflowError("concatenate: there is no set; give at least one")
        if any(s.vocabulary != sets[0].vocabulary for s in sets):
            raise ArchflowError("concatenate: the sets have different vocabularies; bring them to one with `recoded`")
        if len(sets) == 1:
            return sets[0]
        attributes, names = node_attributes.joined(sets)
        return cls(
            sets[0].vocabulary,
            np.concatenate([s.op for s in sets]),
            pointer(np.concatenate([s.node_counts for s in sets])),
            np.concatenate([s.edge_src for s in sets]),
            np.concatenate([s.edge_dst for s in sets]),
            pointer(np.concatenate([s.edge_counts for s in sets])),
            attributes=attributes,
            attribute_names=names,
            validate=False,
        )

    def __getitem__(self, row: int) -> Architecture:
        """The architecture of one row as an object."""
        row = range(len(self))[row]
        nodes = slice(*self.node_ptr[row : row + 2])
        edges = slice(*self.edge_ptr[row : row + 2])
        return Architecture(
            tuple(self.vocabulary.ops[i] for i in self.op[nodes]),
            tuple(zip(self.edge_src[edges].tolist(), self.edge_dst[edges].tolist(), strict=True)),
            node_attributes.of_row(self, nodes),
        )

    def __iter__(self) -> Iterator[Architecture]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"ArchitectureSet({len(self)} architectures, {len(self.op)} nodes, {len(self.edge_src)} edges)"

    def select(self, rows: ArrayLike) -> ArchitectureSet:
        """The chosen rows, in that order: an index array (M,), negative ones from the end, or a boolean mask (N,).

        Raises IndexError for a row that is not there, or a mask of another length.
        """
        rows = np.asarray(rows)
        rows = np.arange(len(self))[rows if rows.size else rows.astype(np.int64)]
        node_ptr, edge_ptr = pointer(self.node_counts[rows]), pointer(self.edge_counts[rows])
        nodes = positions(self.node_ptr[rows], self.node_counts[rows], node_ptr)
        edges = positions(self.edge_ptr[rows], self.edge_counts[rows], edge_ptr)
        return self.replaced(
            nodes,
            node_ptr=node_ptr,
            edge_src=self.edge_src[edges],
            edge_dst=self.edge_dst[edges],
            edge_ptr=edge_ptr,
        )

    def replaced(self, nodes: NDArray | None = None, **columns: Any) -> ArchitectureSet:
        """The same set but for some of its columns. Whatever makes a set from a set calls this, so that every column
        comes along.

        Args:
            nodes: Which nodes to take, rows (V',) or a mask (V,); all if None. It applies to the columns that hold a
                value per node: those that are not given are taken from there.
            columns: Arguments of the constructor, as they are to be afterwards. They are not validated.
        """
        kept = self.columns
        for name in ("op", "attributes"):
            if nodes is not None and kept[name] is not None and name not in columns:
                kept[name] = kept[name][nodes]
        return ArchitectureSet(**kept | columns, validate=False)

    def with_ops(self, op: NDArray, hidden: NDArray | None = None) -> ArchitectureSet:
        """The same graphs with other operations (V,). hidden: rows or a mask of nodes that lose their attributes, but
        for positions."""
        if hidden is None or self.attributes is None:
            return self.replaced(op=op)
        attributes, columns = self.attributes.copy(), node_attributes.telling(self.attribute_names)
        attributes[np.ix_(np.arange(len(op))[hidden], columns)] = np.nan
        return self.replaced(op=op, attributes=attributes)

    def with_attributes(self, attributes: ArrayLike | None, names: Iterable[str]) -> ArchitectureSet:
        """The same architectures with these attributes (V, F) in the place of their own.

        Raises ArchflowError if they do not fit the nodes or the names.
        """
        result = self.replaced(attributes=attributes, attribute_names=tuple(names))
        node_attributes.validate(result)
        return result

    def recoded(self, vocabulary: Vocabulary) -> ArchitectureSet:
        """The same architectures with the operation ids of another vocabulary. An operation that it lacks is the one
        that `SYNONYMS` calls the same, unless these architectures tell both apart; else `UNKNOWN`, if that has an id.

        Raises ArchflowError, naming the first row and counting the others, if operations in use are not in it.
        """
        if vocabulary == self.vocabulary:
            return self
        op = self._ids_in(vocabulary)[self.op]
        if (op < 0).any():
            raise ArchflowError(f"{self._unknown(op < 0)}; known here: {', '.join(vocabulary.ops)}")
        return self.replaced(vocabulary=vocabulary, op=op)

    def known_to(self, vocabulary: Vocabulary) -> NDArray[np.bool_]:
        """(N,) whether `recoded` finds all operations of an architecture in a vocabulary."""
        unknown = self._ids_in(vocabulary)[self.op] < 0
        return np.bincount(self.node_owner[unknown], minlength=len(self)) == 0

    def _ids_in(self, vocabulary: Vocabulary) -> NDArray[np.int32]:
        """(|O|,) the ids of these operations in another vocabulary, -1 for those that it lacks."""
        names = [known_as(op, vocabulary, self.vocabulary) for op in self.vocabulary.ops]
        otherwise = vocabulary.index(UNKNOWN) if UNKNOWN in vocabulary else -1
        return np.array([otherwise if name is None else vocabulary.index(name) for name in names], np.int32)

    def _unknown(self, nodes: NDArray[np.bool_]) -> str:
        """Which operations the nodes (V,) have, the first of them with its row, and in how many rows each stands."""
        owner, op = self.node_owner[nodes], self.op[nodes]
        used, first = np.unique(op, return_index=True)
        counts = np.bincount(np.unique(np.stack([op, owner]), axis=1)[0])
        listed = [
            f"{self.vocabulary.ops[i]!r} (in {counts[i]:,} of {len(self):,} rows)" for i in used[np.argsort(first)]
        ]
        more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
        what = "operation" if len(listed) == 1 else "operations"
        return f"row {owner[0]}: unknown {what} {', '.join(listed[:_LISTED])}{more}"

    @cached_property
    def levels(self) -> NDArray[np.int32]:
        """(V,) longest path that ends at the node, in edges: 0 for nodes without predecessors."""
        return topology.levels(self)

    @cached_property
    def depths(self) -> NDArray[np.int32]:
        """(N,) longest path of every architecture, in edges."""
        return np.maximum.reduceat(self.levels, self.node_ptr[:-1]) if len(self) else np.zeros(0, np.int32)

    @cached_property
    def cells(self) -> NDArray[np.int32]:
        """(V,) cell of every node, numbered within its architecture: parts of the graph that no edge joins, in order of
        their first nodes."""
        return cells(self, self.undirected)

    @cached_property
    def cell_counts(self) -> Ints:
        """(N,) cells of every architecture; none has an architecture without edges."""
        return segment_reduce(np.maximum, self.cells + np.int64(1), self.node_ptr, 0) * (self.edge_counts > 0)

    @cached_property
    def adjacency(self) -> Adjacency:
        """The edges as they are, grouped by target."""
        return Adjacency.of(self, undirected=False)

    @cached_property
    def undirected(self) -> Adjacency:
        """Every edge in both directions, grouped by target: what the plain graph networks pass messages along."""
        return Adjacency.of(self, undirected=True)

    @cached_property
    def reachability(self) -> topology.Reachability:
        """Which nodes a path leads to from every node. A bit for every pair of nodes of one architecture."""
        return topology.Reachability.of(self, self.levels)

    @cached_property
    def canonical_labels(self) -> Ints:
        """(V,) place of every node in its architecture's canonical order; symmetric nodes share one."""
        return hashing.canonical_labels(self, self.levels)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """(N,) isomorphism-invariant hashes; they depend on operation names and attributes, not on the vocabulary's or
        the columns' order."""
        return hashing.hashes(self)
