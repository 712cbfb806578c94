"""Many architectures as flat columns: a million take a few hundred megabytes, not a million objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph import attributes as node_attributes
from archflow.graph import hashing, notebook, recoding, topology
from archflow.graph.adjacency import Adjacency
from archflow.graph.architecture import Architecture
from archflow.graph.cells import cells
from archflow.graph.graphs import Graphs, packed
from archflow.graph.ragged import Ints, as_int32, as_pointer, chosen, is_row, pointer, positions, segment_reduce
from archflow.graph.vocabulary import Vocabulary
from archflow.printable import shown


class ArchitectureSet(Graphs):
    """N architectures with V nodes and E edges in total, as flat ragged arrays. Immutable.

    The arrays may be memory-mapped; `StreamedSet` is read in parts. Everything derived (levels, adjacency, hashes) is
    computed once, on first use.

    Args:
        vocabulary: The operations that ids refer to.
        op: (V,) operation id of each node.
        node_ptr: (N+1,) row boundaries of the architectures' nodes.
        edge_src, edge_dst: (E,) node indices local to their architecture.
        edge_ptr: (N+1,) row boundaries of the architectures' edges.
        attributes: (V, F) attributes of each node, NaN where they do not apply; None if there are none.
        attribute_names: The names of the F columns.

    Raises:
        ArchflowError: If `Architecture` would refuse a row (the message names it), or arrays do not fit together.
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
            raise ArchflowError(f"architecture set: {shown(vocabulary)} is not a Vocabulary")
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
        """Pack objects into a set; without a vocabulary, that of their operations is used.

        Raises ArchflowError for an operation that the vocabulary lacks, and for anything but architectures.
        """
        if isinstance(architectures, Architecture) or not isinstance(architectures, Iterable):
            raise ArchflowError(f"architecture set: {shown(architectures)} is not a list of architectures")
        architectures = list(architectures)
        wrong = next((each for each in architectures if not isinstance(each, Architecture)), None)
        if wrong is not None:
            raise ArchflowError(f"architecture set: {shown(wrong)} is not an architecture")
        return cls(**packed(architectures, vocabulary).columns, validate=False)

    @classmethod
    def concatenate(cls, sets: Sequence[ArchitectureSet]) -> ArchitectureSet:
        """Concatenate sets, with the attributes of all of them; NaN where a set lacks an attribute.

        Raises ArchflowError if their vocabularies differ.
        """
        if not sets:
            raise ArchflowError("concatenate: there are no sets; give at least one")
        if any(s.vocabulary != sets[0].vocabulary for s in sets):
            raise ArchflowError("concatenate: the sets have different vocabularies; convert them to one with `recoded`")
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

    @overload
    def __getitem__(self, rows: int) -> Architecture: ...

    @overload
    def __getitem__(self, rows: slice | ArrayLike) -> ArchitectureSet: ...

    def __getitem__(self, rows: Any) -> Architecture | ArchitectureSet:
        """The architecture of one row as an object; the set of several, by a slice, or as `select` takes them."""
        if isinstance(rows, slice):
            return self.select(np.arange(len(self))[rows])
        if not is_row(rows):
            return self.select(rows)
        if not -len(self) <= rows < len(self):
            raise IndexError(f"row {rows} of {notebook.counted(len(self), 'architecture')}")
        row = range(len(self))[rows]
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
        counts = {"architecture": len(self), "node": len(self.op), "edge": len(self.edge_src)}
        return f"ArchitectureSet({', '.join(notebook.counted(count, what) for what, count in counts.items())})"

    def _repr_html_(self) -> str:
        return notebook.several(list(self[: notebook.DRAWN]), repr(self))

    def select(self, rows: ArrayLike) -> ArchitectureSet:
        """Select rows, in order, by an index array (M,), with negative indices from the end, or a boolean mask (N,).

        Raises IndexError for a row out of range, or a mask of another length.
        """
        rows = chosen(rows, len(self))
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
        """Replace some columns of the set. All methods that derive a set from another use this, so no column is lost.

        Args:
            nodes: Nodes to keep, as rows (V',) or a mask (V,); all if None. This selects from the per-node columns that
                are not given.
            columns: New values of constructor arguments; they are not validated.
        """
        kept = self.columns
        for name in ("op", "attributes"):
            if nodes is not None and kept[name] is not None and name not in columns:
                kept[name] = kept[name][nodes]
        return ArchitectureSet(**kept | columns, validate=False)

    def with_ops(self, op: NDArray, hidden: NDArray | None = None) -> ArchitectureSet:
        """The same graphs with other operations.

        Args:
            op: (V,) operation ids.
            hidden: Rows or a mask of the nodes that lose all attributes except positions.
        """
        if hidden is None or self.attributes is None:
            return self.replaced(op=op)
        attributes, columns = self.attributes.copy(), node_attributes.telling(self.attribute_names)
        attributes[np.ix_(np.arange(len(op))[hidden], columns)] = np.nan
        return self.replaced(op=op, attributes=attributes)

    def with_attributes(self, attributes: ArrayLike | None, names: Iterable[str]) -> ArchitectureSet:
        """The same architectures with these attributes (V, F) instead of their own.

        Raises ArchflowError if they do not match the nodes or the names.
        """
        result = self.replaced(attributes=attributes, attribute_names=tuple(names))
        node_attributes.validate(result)
        return result

    def recoded(self, vocabulary: Vocabulary) -> ArchitectureSet:
        """The same architectures with the operation ids of another vocabulary.

        An operation that it lacks becomes its synonym in `SYNONYMS`, unless these architectures use both; otherwise
        `UNKNOWN`, if the vocabulary has it.

        Raises ArchflowError, naming the first row and counting the others, if operations in use are not in it.
        """
        if vocabulary == self.vocabulary:
            return self
        ids = recoding.ids_in(vocabulary, self.vocabulary)
        if (ids < 0).any():
            recoding.check_unused(self.pieces(), ids < 0, vocabulary)
        return self.converted(lambda some: some.replaced(vocabulary=vocabulary, op=ids[some.op]))

    def known_to(self, vocabulary: Vocabulary) -> NDArray[np.bool_]:
        """(N,) whether `recoded` would find all operations of an architecture in a vocabulary."""
        unknown = recoding.ids_in(vocabulary, self.vocabulary) < 0
        return self.by_row(lambda some: np.bincount(some.node_owner[unknown[some.op]], minlength=len(some)) == 0)

    def parts(self) -> Iterator[Ints]:
        """The rows of parts that fit in memory, in order: all, unless the set is streamed (`StreamedSet`)."""
        yield np.arange(len(self))

    def pieces(self) -> Iterator[ArchitectureSet]:
        """These parts, in memory."""
        yield self

    def loaded(self, rows: Ints) -> tuple[ArchitectureSet, Ints]:
        """A set in memory that holds the chosen rows (M,), and where it holds them."""
        return self, rows

    def by_row(self, compute: Callable[[ArchitectureSet], NDArray]) -> NDArray:
        """(N, ...) values of each architecture, which `compute` gives for a set in memory."""
        return compute(self)

    def converted(self, convert: Callable[[ArchitectureSet], ArchitectureSet]) -> ArchitectureSet:
        """The set that `convert` makes, which treats each architecture by itself; a streamed one when it is read."""
        return convert(self)

    @cached_property
    def levels(self) -> NDArray[np.int32]:
        """(V,) length of the longest path that ends at each node, in edges: 0 for nodes without predecessors."""
        return topology.levels(self)

    @cached_property
    def depths(self) -> NDArray[np.int32]:
        """(N,) length of the longest path of each architecture, in edges."""
        return np.maximum.reduceat(self.levels, self.node_ptr[:-1]) if len(self) else np.zeros(0, np.int32)

    @cached_property
    def cells(self) -> NDArray[np.int32]:
        """(V,) cell of each node, numbered within its architecture.

        Cells are the disconnected parts of the graph, in order of their first nodes.
        """
        return cells(self, self.undirected)

    @cached_property
    def cell_counts(self) -> Ints:
        """(N,) number of cells of each architecture; 0 for an architecture without edges."""
        return segment_reduce(np.maximum, self.cells + np.int64(1), self.node_ptr, 0) * (self.edge_counts > 0)

    @cached_property
    def adjacency(self) -> Adjacency:
        """The edges as they are, grouped by target."""
        return Adjacency.of(self, undirected=False)

    @cached_property
    def undirected(self) -> Adjacency:
        """Every edge in both directions, grouped by target, for message passing in plain graph networks."""
        return Adjacency.of(self, undirected=True)

    @cached_property
    def reachability(self) -> topology.Reachability:
        """Which nodes can be reached from each node: one bit per pair of nodes of an architecture."""
        return topology.Reachability.of(self, self.levels)

    @cached_property
    def canonical_labels(self) -> Ints:
        """(V,) position of each node in its architecture's canonical order; symmetric nodes share one."""
        return hashing.canonical_labels(self, self.levels)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """(N,) isomorphism-invariant hashes.

        They depend on operation names and attributes, but not on the order of the vocabulary or of columns.
        """
        return hashing.hashes(self)
