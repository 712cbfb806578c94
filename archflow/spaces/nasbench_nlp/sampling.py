"""Random recurrent cells, with the distribution of NAS-Bench-NLP.

Source: Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing", 2020,
and the generator released with it, from which the numbers are taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer

HIDDEN_STATES = (1, 2, 3)
INTERMEDIATE_NODES = (7, 14, 21)
ACTIVATIONS = ("activation_tanh", "activation_sigm", "activation_leaky_relu")
_MIXING = {"linear": 3, "blend": 1, "elementwise_prod": 1, "elementwise_sum": 1}
"""Relative probabilities of the operations with several inputs."""
_INPUTS = {"blend": 3, "elementwise_prod": 2, "elementwise_sum": 2}
_THREE_INPUTS = 0.2
"""Probability that a `linear` reads three inputs instead of two."""
_MOST = 3

Ints = NDArray[np.int64]


def sample_cells(count: int, vocabulary: Vocabulary, generator: np.random.Generator) -> ArchitectureSet:
    """Draw `count` independent cells. The nine settings of hidden states and intermediate nodes are equally likely.

    In a setting, nodes are drawn one after the other until there are as many as hidden states and intermediate nodes. A
    node is `linear` with probability 1/2, or one of the three other mixing operations. `linear` reads two (or, with
    probability 1/5, three) of the cell's inputs and the activations so far, and is followed by a random activation; the
    others read from the hidden states and all nodes so far. Then as many random nodes as there are hidden states become
    the new hidden states, and nodes that none of these depends on are removed. A cell that does not read all its
    inputs, or in which a new hidden state reads an old one directly, is drawn again.
    """
    settings = [(hidden, extra) for hidden in HIDDEN_STATES for extra in INTERMEDIATE_NODES]
    chosen = generator.integers(0, len(settings), count)
    drawn = [_cells(int((chosen == i).sum()), *settings[i], vocabulary, generator) for i in range(len(settings))]
    return ArchitectureSet.concatenate(drawn).select(np.argsort(np.argsort(chosen, kind="stable")))


def _cells(
    count: int, hidden: int, extra: int, vocabulary: Vocabulary, generator: np.random.Generator
) -> ArchitectureSet:
    found = [_graphs(np.empty((0, 0), np.int64), np.empty((0, 0, _MOST), np.int64), np.empty((0, 0), bool), vocabulary)]
    while count > 0:
        op, inputs = _nodes(4 * count + 16, hidden, hidden + extra, vocabulary, generator)
        used, right = _used(op, inputs, hidden, generator)
        rows = np.flatnonzero(right)[:count]
        found.append(_graphs(op[rows], inputs[rows], used[rows], vocabulary))
        count -= len(rows)
    return ArchitectureSet.concatenate(found)


def _nodes(
    rows: int, hidden: int, nodes: int, vocabulary: Vocabulary, generator: np.random.Generator
) -> tuple[Ints, Ints]:
    """Operation ids (B, n) and inputs (B, n, 3) of the cells' inputs and sampled nodes, -1 for missing inputs."""
    first = hidden + 1
    op = np.full((rows, first + nodes + 1), -1)  # a last `linear` is followed by its activation
    inputs = np.full((rows, first + nodes + 1, _MOST), -1)
    op[:, :first] = [vocabulary.index(f"input:{name}") for name in (*(f"h_prev_{i}" for i in range(hidden)), "x")]
    activations = np.array([vocabulary.index(name) for name in ACTIVATIONS])
    mixing = np.array([vocabulary.index(name) for name in _MIXING])
    linear = vocabulary.index("linear")
    for node in range(first, first + nodes + 1):
        activated = op[:, node - 1] == linear
        here = activated | (node < first + nodes)
        weights = np.array([w if _INPUTS.get(name, 0) <= node - 1 else 0 for name, w in _MIXING.items()], np.float64)
        drawn = mixing[generator.choice(len(mixing), rows, p=weights / weights.sum())]
        readable = np.ones((rows, node), bool)
        readable[:, hidden] = False
        is_linear = drawn == linear
        readable[is_linear] = np.isin(op[is_linear, :node], activations)
        readable[is_linear, :first] = True
        wanted = 2 + (generator.random(rows) < _THREE_INPUTS)
        for name, number in _INPUTS.items():
            wanted[drawn == vocabulary.index(name)] = number
        read = _distinct(readable, wanted, generator)
        inputs[here, node, : read.shape[1]] = read[here]
        inputs[activated, node] = [node - 1, -1, -1]
        drawn[activated] = activations[generator.integers(0, len(activations), int(activated.sum()))]
        op[here, node] = drawn[here]
    return op, inputs


def _used(op: Ints, inputs: Ints, hidden: int, generator: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray]:
    """(B, n) the nodes that the new hidden states, drawn here, depend on; (B,) whether the cell is valid."""
    rows = np.arange(len(op))[:, None]
    candidates = op >= 0
    candidates[:, : hidden + 1] = False
    new = _distinct(candidates, np.full(len(op), hidden), generator)[:, :hidden]
    read = inputs[rows, new]
    direct = ((read >= 0) & (read < hidden)).any(axis=(1, 2))
    used = np.zeros((op.shape[0], op.shape[1] + 1), bool)  # the last column absorbs index -1
    used[rows, new] = True
    for node in range(op.shape[1] - 1, hidden, -1):
        dependent = np.flatnonzero(used[:, node])
        used[dependent[:, None], inputs[dependent, node]] = True
    used = used[:, :-1]
    return used, np.logical_and(used[:, : hidden + 1].all(axis=1), ~direct)


def _distinct(candidates: NDArray[np.bool_], wanted: Ints, generator: np.random.Generator) -> Ints:
    """(B, up to 3) as many distinct candidate columns (B, n) as wanted (B,), or all of them; padded with -1."""
    keys = np.where(candidates, generator.random(candidates.shape), 2.0)
    columns = np.argsort(keys, axis=1)[:, :_MOST]
    number = np.minimum(wanted, candidates.sum(axis=1))
    return np.where(np.arange(columns.shape[1]) < number[:, None], columns, -1)


def _graphs(op: Ints, inputs: Ints, used: NDArray[np.bool_], vocabulary: Vocabulary) -> ArchitectureSet:
    """Sampled nodes (B, n) and inputs (B, n, 3) -> B architectures of the used nodes, in their order."""
    number = np.cumsum(used, axis=1) - 1
    row, node, place = np.nonzero((inputs >= 0) & used[:, :, None])
    source, target = number[row, inputs[row, node, place]], number[row, node]
    order = np.lexsort((target, source, row))
    edges = pointer(np.bincount(row, minlength=len(op)))
    return ArchitectureSet(
        vocabulary, op[used], pointer(used.sum(axis=1)), source[order], target[order], edges, validate=False
    )
