"""Genotypes of the hierarchical space as graphs, and back.

A graph is the flattened cell: a node for every primitive that is on a path from input to output, and a `projection` at
the end of every motif of level 2, in the order of the cell's motifs. Its `input` node has all digits of the genotype as
attributes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer
from archflow.spaces.hierarchical import genotype as genes
from archflow.spaces.hierarchical.genotype import Edge, Genotypes

PROJECTION = "projection"
VOCABULARY = Vocabulary(("input", "output", *genes.PRIMITIVES, PROJECTION))

_BLOCKS = {"cell_1": (36, 5), "cell_2": (41, 5), **{f"motif_{m + 1}": (6 * m, 6) for m in range(genes.MOTIFS)}}
"""The attributes by name: start and number of their digits in a genotype, read as a number in base 7. More
than eight would not be exact in float32, and a column for every digit makes graphs slow."""

ATTRIBUTES = tuple(_BLOCKS)

_PLACES = np.zeros((genes.LENGTH, len(ATTRIBUTES)), np.int64)
"""(46, 8) value of each digit in each attribute."""
for _column, (_first, _count) in enumerate(_BLOCKS.values()):
    _PLACES[_first : _first + _count, _column] = genes.CHOICES ** np.arange(_count)[::-1]

_INPUT, _OUTPUT, _PROJECTION = (VOCABULARY.index(op) for op in ("input", "output", PROJECTION))
_PRIMITIVE = VOCABULARY.index(genes.PRIMITIVES[0]) - 1
"""Operation id of the level-2 digit 0; digit k has this id plus k."""


def graphs(genotypes: Genotypes) -> ArchitectureSet:
    """(N, 46) -> N flattened cells."""
    cells = [_flattened(tuple(each)) for each in genotypes.tolist()]
    nodes, edges = (pointer(np.array([len(cell[part]) for cell in cells], np.int64)) for part in (0, 1))
    ends = np.concatenate([np.zeros((0, 2), np.int32), *(cell[1] for cell in cells)])
    attributes = np.full((nodes[-1], len(ATTRIBUTES)), np.nan, np.float32)
    attributes[nodes[:-1]] = genotypes @ _PLACES
    return ArchitectureSet(
        VOCABULARY,
        np.concatenate([np.zeros(0, np.int32), *(cell[0] for cell in cells)]),
        nodes,
        ends[:, 0],
        ends[:, 1],
        edges,
        attributes=attributes,
        attribute_names=ATTRIBUTES,
        validate=False,
    )


def genotypes_of(architectures: ArchitectureSet) -> Genotypes:
    """N flattened cells -> (N, 46). Raises ArchflowError, naming the row, if a graph does not match its digits."""
    coded = architectures.recoded(VOCABULARY)
    numbers = np.stack([coded.attribute(name)[coded.node_ptr[:-1]] for name in ATTRIBUTES], axis=1)
    fits = (numbers >= 0) & (numbers < _PLACES.max(axis=0) * genes.CHOICES) & (numbers % 1 == 0)
    if not fits.all():
        row, column = np.argwhere(~fits)[0]
        raise ArchflowError(
            f"hierarchical: architecture {row}: the input node needs the attribute {ATTRIBUTES[column]!r}, digits of a "
            "genotype"
        )
    number = numbers.astype(np.int64)[:, _PLACES.argmax(axis=1)]
    genotypes = number // _PLACES.max(axis=1) % genes.CHOICES
    able = genes.valid(genotypes)
    wrong = _first_other(coded, graphs(genotypes)) if able.all() else int(np.argmin(able))
    if wrong is not None:
        raise ArchflowError(f"hierarchical: architecture {wrong} is not the flattened genotype of its attributes")
    return genotypes


def _first_other(some: ArchitectureSet, others: ArchitectureSet) -> int | None:
    """The first row in which two sets of equal size differ; None if they are equal."""
    columns = ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr")
    same = some.attribute_names == others.attribute_names
    same = same and all(np.array_equal(getattr(some, name), getattr(others, name)) for name in columns)
    if same and np.array_equal(some.attributes, others.attributes, equal_nan=True):  # pyright: ignore[reportArgumentType]
        return None
    return next((row for row in range(len(some)) if some[row] != others[row]), None)


@lru_cache(maxsize=4096)  # neighbours are flattened when made and again when read
def _flattened(genotype: tuple[int, ...]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The operations (V,) and the edges (E, 2) of one cell."""
    *motifs, cell = genes.parts(genotype)
    ops: list[int] = [_INPUT]
    edges: list[tuple[int, int]] = []
    states = [[0], *([] for _ in range(genes.CELL_NODES - 1))]
    for source, target, digit in genes.live(cell):
        states[target].append(_assemble(genes.live(motifs[digit - 1]), states[source], ops, edges))
    edges += [(node, len(ops)) for node in states[-1]]
    ops.append(_OUTPUT)
    return np.array(ops, np.int32), np.array(edges, np.int32).reshape(-1, 2)


def _assemble(motif: tuple[Edge, ...], entering: list[int], ops: list[int], edges: list[tuple[int, int]]) -> int:
    """Append the nodes of one motif of level 2 after its inputs; returns its projection."""
    states = [entering, *([] for _ in range(genes.MOTIF_NODES - 1))]
    for source, target, digit in motif:
        edges += [(node, len(ops)) for node in states[source]]
        states[target].append(len(ops))
        ops.append(_PRIMITIVE + digit)
    edges += [(node, len(ops)) for node in states[-1]]
    ops.append(_PROJECTION)
    return len(ops) - 1
