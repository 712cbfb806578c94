"""The NAS-Bench-NLP search space: recurrent cells as recipes.

Source: Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing", 2020
(arXiv 2006.07116).

A recipe lists named nodes, each with an operation and its inputs. The cell reads the word `x` and one to three hidden
states `h_prev_0`, ..., and returns as many new ones, its nodes `h_new_0`, ... The nodes of the graph are
`input:h_prev_0`, ..., `input:x`, then repeatedly the first node of the recipe whose inputs precede it.

The graph, as in the benchmark's table, does not record the order of a node's inputs, which matters only to `blend`, nor
which nodes are the new hidden states.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Sequence
from math import comb, prod
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer
from archflow.spaces.base import SPACES, SearchSpace, refuse_enumeration
from archflow.spaces.nasbench_nlp.sampling import HIDDEN_STATES, sample_cells
from archflow.spaces.nasbench_nlp.steps import MOST_NODES, OPERATIONS, Cell, fault, steps
from archflow.spaces.native_json import read_object, shown, shown_value

_PREVIOUS = tuple(f"h_prev_{i}" for i in range(max(HIDDEN_STATES)))
_NEW = tuple(f"h_new_{i}" for i in range(max(HIDDEN_STATES)))
_ANY_NEW = re.compile(r"h_new_[0-9]+")
_NUMBERS_OF_INPUTS = {
    op: [number for number, able in OPERATIONS.items() if op in able] for ops in OPERATIONS.values() for op in ops
}


def _written_forms() -> int:
    def choices(earlier: int) -> int:
        return sum(len(ops) * comb(earlier, number) for number, ops in OPERATIONS.items())

    return sum(
        prod(choices(hidden + 1 + place) for place in range(nodes))
        for hidden in HIDDEN_STATES
        for nodes in range(hidden, MOST_NODES + 1)
    )


@SPACES.register("nasbench_nlp")
class NASBenchNLP(SearchSpace):
    """Recurrent cells of up to 25 nodes; a native string is a recipe in JSON.

    `{"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input": ["f"]}}`

    A recipe reads all its inputs, and all its nodes lead to a new hidden state. `size` counts the topologically ordered
    lists of nodes, of which there are more than architectures. Networks cannot be built.
    """

    name = "nasbench_nlp"
    vocabulary = Vocabulary((*(f"input:{name}" for name in (*_PREVIOUS, "x")), *_NUMBERS_OF_INPUTS))
    size = _written_forms()

    def parse(self, text: str) -> Architecture:
        recipe = read_object(text)
        try:
            hidden, order = _order(_inputs_by_name(recipe))
            number = {name: i for i, name in enumerate((*_PREVIOUS[:hidden], "x", *order))}
            cell = tuple(
                (recipe[name]["op"], tuple(sorted(number[source] for source in recipe[name]["input"])))
                for name in order
            )
            wrong = fault(hidden, cell)
            if wrong:
                raise ArchflowError(wrong)
        except ArchflowError as error:
            raise ArchflowError(f"{shown(text)}: {error}") from None
        return _graphs(hidden, [cell], self.vocabulary)[0]

    def format(self, architecture: Architecture) -> str:
        """A recipe of the graph, with nodes named `node_4`, ...

        The graph does not record which nodes are the new hidden states. They are taken to be the nodes that no other
        reads and, if these are too few, the last of the others; the last node is `h_new_0`.
        """
        hidden, cell = _cell(architecture)
        first = hidden + 1
        read = {source for _, inputs in cell for source in inputs}
        by_need = sorted(range(first, first + len(cell)), key=lambda node: (node in read, -node))
        new = dict(zip(sorted(by_need[:hidden], reverse=True), _NEW, strict=False))
        names = [*_PREVIOUS[:hidden], "x", *(new.get(node, f"node_{node}") for node in range(first, first + len(cell)))]
        return json.dumps(
            {
                names[first + place]: {"op": op, "input": [names[source] for source in inputs]}
                for place, (op, inputs) in enumerate(cell)
            }
        )

    def enumerate(self) -> ArchitectureSet:
        raise refuse_enumeration(self)

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Draw from the benchmark's own distribution (`archflow.spaces.nasbench_nlp.sampling`)."""
        return sample_cells(count, self.vocabulary, generator)

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All cells with one operation, one input of a node, or one activation on an edge changed.

        An activation is inserted into or removed from an edge.

        The order of the nodes is kept, and nodes read earlier ones; isomorphic neighbours are not merged.
        """
        hidden, cell = _cell(architecture)
        return _graphs(hidden, steps(hidden, cell), self.vocabulary)

    def canonical(self, architecture: Architecture) -> str:
        """The hash of the graph."""
        _cell(architecture)
        return architecture.hash


def _inputs_by_name(recipe: dict[str, Any]) -> dict[str, list[str]]:
    """Node -> its inputs. Raises ArchflowError, naming the node, unless every node has an operation and inputs."""
    for name, node in recipe.items():
        if not isinstance(node, dict) or set(node) != {"op", "input"}:
            raise ArchflowError(f'node {shown(name)} is no {{"op": ..., "input": [...]}}')
        op, inputs = node["op"], node["input"]
        if not isinstance(op, str) or op not in _NUMBERS_OF_INPUTS:
            known = ", ".join(_NUMBERS_OF_INPUTS)
            raise ArchflowError(f"node {shown(name)}: op is {shown_value(op)}, use one of {known}")
        if not isinstance(inputs, list) or not all(isinstance(source, str) for source in inputs):
            raise ArchflowError(f"node {shown(name)}: input is a list of names")
        if len(inputs) not in _NUMBERS_OF_INPUTS[op]:
            numbers = " or ".join(map(str, _NUMBERS_OF_INPUTS[op]))
            raise ArchflowError(f"node {shown(name)}: {op} has {numbers} inputs, not {len(inputs)}")
        if len(set(inputs)) < len(inputs):
            raise ArchflowError(f"node {shown(name)} reads one input twice")
    return {name: node["input"] for name, node in recipe.items()}


def _order(inputs: dict[str, list[str]]) -> tuple[int, list[str]]:
    """The number of hidden states, and the nodes in topological order. Raises ArchflowError if none exists."""
    hidden = sum(_ANY_NEW.fullmatch(name) is not None for name in inputs)
    if hidden not in HIDDEN_STATES or not set(_NEW[:hidden]) <= inputs.keys():
        raise ArchflowError(f"name the new hidden states h_new_0 and so on, at most {max(HIDDEN_STATES)} of them")
    given = (*_PREVIOUS[:hidden], "x")
    readers: dict[str, list[str]] = {name: [] for name in (*given, *inputs)}
    for name, sources in inputs.items():
        if name in given:
            raise ArchflowError(f"node {name!r} is an input of the cell; call the node otherwise")
        for source in sources:
            if source not in readers:
                known = ", ".join(given)
                raise ArchflowError(f"node {shown(name)} reads {shown(source)}, which is neither a node nor {known}")
            readers[source].append(name)
    idle = next((name for name in inputs if not readers[name] and name not in _NEW), None)
    if idle is not None:
        raise ArchflowError(f"no node reads {shown(idle)}, and it is not a new hidden state; remove it")
    place = {name: i for i, name in enumerate(inputs)}
    missing = {name: sum(source not in given for source in sources) for name, sources in inputs.items()}
    ready = [place[name] for name, number in missing.items() if number == 0]
    order, names = [], list(inputs)
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for reader in readers[name]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heapq.heappush(ready, place[reader])
    if len(order) < len(inputs):
        stuck = next(name for name in inputs if missing[name])
        raise ArchflowError(f"node {shown(stuck)} is on a cycle or depends on one; remove one of the inputs on it")
    return hidden, order


def _graphs(hidden: int, cells: Sequence[Cell], vocabulary: Vocabulary) -> ArchitectureSet:
    """The graphs of cells with `hidden` hidden states."""
    inputs = [f"input:{name}" for name in (*_PREVIOUS[:hidden], "x")]
    ops = [[*inputs, *(op for op, _ in cell)] for cell in cells]
    edges = [
        sorted((source, hidden + 1 + place) for place, (_, sources) in enumerate(cell) for source in sources)
        for cell in cells
    ]
    ends = np.array([edge for of_cell in edges for edge in of_cell], np.int64).reshape(-1, 2)
    return ArchitectureSet(
        vocabulary,
        [vocabulary.index(op) for of_cell in ops for op in of_cell],
        pointer(np.array([len(of_cell) for of_cell in ops], np.int64)),
        ends[:, 0],
        ends[:, 1],
        pointer(np.array([len(of_cell) for of_cell in edges], np.int64)),
        validate=False,
    )


def _cell(architecture: Architecture) -> tuple[int, Cell]:
    """The number of hidden states and the nodes of a graph. Raises ArchflowError if it is not a valid cell."""
    hidden = sum(op.startswith("input:") for op in architecture.ops) - 1
    given = tuple(f"input:{name}" for name in (*_PREVIOUS[:hidden], "x"))
    if hidden not in HIDDEN_STATES or architecture.ops[: hidden + 1] != given:
        raise ArchflowError("not a NAS-Bench-NLP cell: its first nodes are input:h_prev_0 and so on, then input:x")
    sources: list[list[int]] = [[] for _ in architecture.ops]
    for source, target in architecture.edges:
        if source >= target or target <= hidden:
            raise ArchflowError(f"not a NAS-Bench-NLP cell: edge {(source, target)} leads back or to an input")
        sources[target].append(source)
    cell = tuple((op, tuple(sorted(s))) for op, s in zip(architecture.ops, sources, strict=True))[hidden + 1 :]
    wrong = fault(hidden, cell)
    if wrong:
        raise ArchflowError(f"not a NAS-Bench-NLP cell: {wrong}")
    return hidden, cell
