"""Integrated gradients: how much each node's operation and attributes contribute to the score of networks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.effective import view
from archflow.predict.explain.contract import Network
from archflow.predict.explain.soft_operations import SoftOperations

Values = NDArray[np.float64]

STEPS = 64
"""Initial number of points on the path from the baseline."""

MOST_STEPS = 512
"""Maximum number of points on the path."""

EXACT = 0.01
"""More points are used if more than this fraction of the difference is unaccounted for."""

NODES_AT_ONCE = 8192
"""Nodes of a batch, so that memory does not grow with the points."""

PAIRS_AT_ONCE = 4_000_000
"""Pairs of nodes of a batch, likewise."""


@dataclass(frozen=True)
class Gradients:
    """Contributions to a difference of scores.

    Attributes:
        nodes: (V,) contributions of the nodes, NaN for nodes that no network sees.
        difference: The difference of the predictions, or of the networks' part in them, from the baseline to the
            architecture.
    """

    nodes: Values
    difference: float


def integrated_gradients(
    networks: Sequence[Network], architecture: Architecture, baseline: Sequence[Sequence[str]]
) -> Gradients:
    """Compute integrated gradients (Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017).

    The inputs of a node are its mixture of operations and its standardised attributes. At the architecture itself, the
    mixture is the node's own operation. At the baseline it has equal parts of the given operations, and each attribute
    that applies to the node has its mean. In between, both are interpolated linearly.

    Args:
        networks: At least one.
        architecture: The architecture.
        baseline: For each node, the operations that it could have, including its own.

    Raises:
        ArchflowError: If a network's encoder does not read operations one by one.
    """
    nodes, seen, difference = np.zeros(len(architecture.ops)), np.zeros(len(architecture.ops), bool), 0.0
    for network in networks:
        kept, prepared = _prepared(network, architecture)
        own, start, end = _of_network(network, prepared, [baseline[node] for node in kept])
        slope = network.slope(start, end)
        nodes[kept] += slope * own
        seen[kept] = True
        difference += slope * (end - start)
    return Gradients(np.where(seen, nodes, np.nan), difference)


def _prepared(network: Network, architecture: Architecture) -> tuple[list[int], ArchitectureSet]:
    """The nodes that an encoder sees, and the architecture in the form in which it sees it."""
    given = ArchitectureSet.from_architectures([architecture])
    return seen_nodes(network, given), network.embedder.prepare(given)


def seen_nodes(network: Network, given: ArchitectureSet) -> list[int]:
    """The nodes of one architecture that a network's encoder sees, in its order."""
    preparation = network.embedder.preparation
    marked = given.with_attributes(np.arange(len(given.op), dtype=np.float32)[:, None], ("node",))
    shown = view(preparation.view)(marked.recoded(preparation.vocabulary))
    return shown.attribute("node").astype(np.int64).tolist()


def _of_network(
    network: Network, prepared: ArchitectureSet, baseline: Sequence[Sequence[str]]
) -> tuple[Values, float, float]:
    """(V,) contributions to the score of one network, the baseline's score, and the architecture's."""
    way = _Way(network, prepared, baseline)
    (start, end), count = way.ends(), STEPS
    difference = end - start
    while True:
        own = way.mean_gradient((torch.arange(count, dtype=torch.float64) + 0.5) / count)
        rest = abs(difference - own.sum())
        if rest <= EXACT * abs(difference) or rest < 1e-6 or count >= MOST_STEPS:
            return own, start, end
        count *= 2


class _Way:
    """The straight line from the baseline to an architecture, and the score of a network along it."""

    def __init__(self, network: Network, prepared: ArchitectureSet, baseline: Sequence[Sequence[str]]) -> None:
        self._model, self._metric, self._prepared = network.model.eval(), network.metric, prepared
        self._context = network.context
        weight, vocabulary = next(self._model.parameters()), network.embedder.vocabulary
        self._device, single = weight.device, Batch(prepared, None, weight.device, network.context)
        self._pure = torch.nn.functional.one_hot(single.op, len(vocabulary)).to(weight.dtype)
        self._start = torch.zeros_like(self._pure)
        for node, operations in enumerate(baseline):
            # An operation that the vocabulary lacks is read as whatever stands for it.
            known = {vocabulary.index(op) if op in vocabulary else int(single.op[node]) for op in operations}
            self._start[node, sorted(known)] = 1 / len(known)
        self._value = None if single.attributes is None else single.attributes.nan_to_num()
        self._readers: dict[int, SoftOperations] = {}
        if not self._reader(1).reads(self._model, single):
            raise ArchflowError(f"{type(self._model.encoder).__name__} does not read operations one by one")

    @torch.no_grad()
    def ends(self) -> tuple[float, float]:
        """The scores at the start and at the end."""
        points = torch.tensor([0.0, 1.0], dtype=torch.float64)
        start, end = self._score(self._mixtures(points), self._batch(points)).double().tolist()
        return start, end

    def mean_gradient(self, points: Tensor) -> Values:
        """(V,) the mean over points (S,), from 0 to 1, of the gradient along the line, by node."""
        count = len(self._start)
        total = np.zeros(count)
        for some in points.split(max(1, min(NODES_AT_ONCE // count, PAIRS_AT_ONCE // count**2))):
            mixtures, batch = self._mixtures(some).requires_grad_(), self._batch(some)
            inputs = [mixtures]
            if self._value is not None:
                assert batch.attributes is not None
                inputs.append(batch.attributes.requires_grad_())
            gradients = torch.autograd.grad(self._score(mixtures, batch).sum(), inputs, allow_unused=True)
            for gradient, passed in zip(gradients, (self._pure - self._start, self._value), strict=False):
                if gradient is not None and passed is not None:
                    along = gradient.view(len(some), count, -1).nan_to_num() * passed
                    total += along.sum((0, 2)).double().cpu().numpy()
        return total / len(points)

    def _mixtures(self, points: Tensor) -> Tensor:
        """(S, V, |O|) mixtures of operations at points of the line."""
        return self._start + points.to(self._start)[:, None, None] * (self._pure - self._start)

    def _batch(self, points: Tensor) -> Batch:
        """Copies of the architecture, one per point, whose attributes are those at the points."""
        batch = copy.copy(Batch(self._prepared, np.zeros(len(points), np.int64), self._device, self._context))
        if batch.attributes is not None:
            value = batch.attributes.view(len(points), len(self._start), -1)
            batch.attributes = (value * points.to(value)[:, None, None]).flatten(0, 1)
        return batch

    def _score(self, mixtures: Tensor, batch: Batch) -> Tensor:
        """(S,) scores."""
        return self._reader(len(mixtures))(batch, mixtures.flatten(0, 1))[:, self._metric]

    def _reader(self, copies: int) -> SoftOperations:
        if copies not in self._readers:
            self._readers[copies] = SoftOperations(self._model, copies * len(self._start))
        return self._readers[copies]
