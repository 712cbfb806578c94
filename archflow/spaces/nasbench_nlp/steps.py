"""Recurrent cells as lists of nodes: which are valid, and the elementary changes between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archflow.spaces.nasbench_nlp.sampling import ACTIVATIONS, HIDDEN_STATES, INTERMEDIATE_NODES

OPERATIONS = {1: ACTIVATIONS, 2: ("linear", "elementwise_prod", "elementwise_sum"), 3: ("linear", "blend")}
"""By number of inputs."""

MOST_NODES = max(HIDDEN_STATES) + max(INTERMEDIATE_NODES) + 1
"""The most that the benchmark's generator draws: a last `linear` brings its activation."""

Node = tuple[str, tuple[int, ...]]
"""An operation and its inputs, ascending: 0.. the hidden states, then the word, then the nodes in their order."""
Cell = tuple[Node, ...]


def fault(hidden: int, cell: Cell) -> str:
    """Why nodes are no cell of so many hidden states, empty if they are one; nodes stand behind their inputs."""
    if not hidden <= len(cell) <= MOST_NODES:
        return f"it has {len(cell)} nodes, give {hidden} to {MOST_NODES}"
    for place, (op, inputs) in enumerate(cell):
        if op not in OPERATIONS.get(len(inputs), ()):
            return f"node {hidden + 1 + place}, {op!r}, cannot have {len(inputs)} inputs"
    read = {source for _, inputs in cell for source in inputs}
    unread = next((source for source in range(hidden + 1) if source not in read), None)
    if unread is not None:
        return f"no node reads {'x' if unread == hidden else f'h_prev_{unread}'}"
    ends = sum(node not in read for node in range(hidden + 1, hidden + 1 + len(cell)))
    return f"{ends} nodes are read by no other, but there are {hidden} hidden states" if ends > hidden else ""


def steps(hidden: int, cell: Cell) -> list[Cell]:
    """All valid cells one elementary change away, each once.

    A node gets another operation; reads another node instead of one; reads one node more or fewer, with any operation
    of that number of inputs; or an activation is put right before a node, between it and one of its inputs, or taken
    away from there. Every change leads back.
    """
    found = dict.fromkeys(changed for changed in _changed(hidden + 1, cell) if not fault(hidden, changed))
    found.pop(cell, None)
    return list(found)


def _changed(first: int, cell: Cell) -> Iterator[Cell]:
    for place, (op, inputs) in enumerate(cell):
        free = [source for source in range(first + place) if source not in inputs]
        less = [(left, tuple(source for source in inputs if source != left)) for left in inputs]
        nodes: list[Node] = [(other, inputs) for other in OPERATIONS[len(inputs)]]
        nodes += [(op, _sorted(rest, source)) for _, rest in less for source in free]
        nodes += [(other, _sorted(inputs, source)) for source in free for other in OPERATIONS.get(len(inputs) + 1, ())]
        nodes += [(other, rest) for _, rest in less for other in OPERATIONS.get(len(rest), ())]
        yield from ((*cell[:place], node, *cell[place + 1 :]) for node in nodes)
        here = first + place
        later = _renumbered(cell[place + 1 :], here, 1)
        for left, rest in less:
            behind = (op, _sorted(rest, here))
            yield from ((*cell[:place], (activation, (left,)), behind, *later) for activation in ACTIVATIONS)
        readers = [node for node, (_, sources) in enumerate(cell) if here in sources]
        if op in ACTIVATIONS and readers == [place + 1] and inputs[0] not in cell[place + 1][1]:
            reader, sources = cell[place + 1]
            joined = (reader, _sorted([source for source in sources if source != here], inputs[0]))
            yield (*cell[:place], joined, *_renumbered(cell[place + 2 :], here, -1))


def _sorted(sources: Iterable[int], source: int) -> tuple[int, ...]:
    return tuple(sorted((*sources, source)))


def _renumbered(nodes: Cell, start: int, by: int) -> Cell:
    return tuple((op, tuple(source + by if source >= start else source for source in inputs)) for op, inputs in nodes)
