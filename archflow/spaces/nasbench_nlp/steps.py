"""Recurrent cells as lists of nodes: their validity, and the elementary changes between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archflow.spaces.nasbench_nlp.sampling import ACTIVATIONS, HIDDEN_STATES, INTERMEDIATE_NODES

OPERATIONS = {1: ACTIVATIONS, 2: ("linear", "elementwise_prod", "elementwise_sum"), 3: ("linear", "blend")}
"""Operations by number of inputs."""

MOST_NODES = max(HIDDEN_STATES) + max(INTERMEDIATE_NODES) + 1
"""The most nodes that the benchmark's generator draws, including the activation of a last `linear`."""

Node = tuple[str, tuple[int, ...]]
"""Operation and ascending inputs per node; inputs count the hidden states from 0, then the word, then the nodes."""
Cell = tuple[Node, ...]


def fault(hidden: int, cell: Cell) -> str:
    """Why nodes are not a valid cell with `hidden` hidden states, empty if they are; nodes come after their inputs."""
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
    return f"no other node reads {ends} of the nodes, but there are {hidden} hidden states" if ends > hidden else ""


def steps(hidden: int, cell: Cell) -> list[Cell]:
    """All valid cells one elementary change away, without duplicates.

    A node gets another operation; or reads another node in place of one; or reads one node more or fewer, with any
    operation of that number of inputs; or an activation is inserted right before a node, between it and one of its
    inputs, or removed from there. Every change can be undone by another.
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
