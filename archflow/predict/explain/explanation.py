"""The content of an explanation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Effect:
    """A predicted difference.

    Attributes:
        value: In the explanation's unit; positive where the metric rises.
        std: Its standard deviation over the predictor's models, which are compared pair by pair; NaN if there is only
            one model.
    """

    value: float
    std: float


@dataclass(frozen=True)
class Change:
    """A change of the architecture, and its effect on the prediction.

    Attributes:
        kind: "operation", "attribute", "edge", "node" (removed or added) or "several".
        nodes: Nodes of the architecture that it changes.
        edge: The edge of the architecture that is removed or moved, if it is one.
        text: The change in words.
        prediction: The prediction for the changed architecture, in the metric's own unit.
        effect: The difference to the prediction for the architecture itself.
        measured: The measured difference, NaN if the table does not have both measurements.
    """

    kind: str
    nodes: tuple[int, ...]
    edge: tuple[int, int] | None
    text: str
    prediction: float
    effect: Effect
    measured: float


@dataclass(frozen=True)
class Attribution:
    """A number for each node and each edge that says how much the prediction depends on it.

    Attributes:
        method: "counterfactual", "integrated_gradients" or "critical".
        about: What the numbers mean, in a sentence.
        unit: Their unit; empty for numbers without one.
        signed: Whether a positive number means that the node raises the metric; otherwise numbers are from 0 to 1.
        nodes: (V,) one for each node, NaN where there is none.
        edges: (E,) one for each edge of the architecture, in its order, NaN where there is none.
        rest: For integrated gradients, the difference to the baseline that the numbers do not account for: the error
            of the numerical integration. 0 for the others.
    """

    method: str
    about: str
    unit: str
    signed: bool
    nodes: tuple[float, ...]
    edges: tuple[float, ...]
    rest: float = 0.0


@dataclass(frozen=True)
class Block:
    """Some nodes that belong together.

    Attributes:
        nodes: The nodes, ascending.
        text: A description.
        removed: The effect of removing the block, NaN if that is not possible.
        instead: The operation that then replaces it; empty if none does.
        best: Index of the change within the block that improves the metric most, -1 if there is none.
    """

    nodes: tuple[int, ...]
    text: str
    removed: Effect
    instead: str
    best: int


@dataclass(frozen=True)
class Explanation:
    """An explanation of one prediction.

    Attributes:
        metric: The metric.
        lower_is_better: Whether low values are good.
        unit: The unit of effects: "%" of the prediction, or "" for the metric's own.
        prediction, std: The prediction for the architecture and its uncertainty, in the metric's own unit.
        ops: (V,) operations of the nodes.
        edges: (E,) edges.
        valid: Which architectures count as possible changes.
        changes: All changes, the one that improves the metric most first.
        attributions: By method.
        blocks: In the order of the graph.
        notes: What a reader should know, a line each.
    """

    metric: str
    lower_is_better: bool
    unit: str
    prediction: float
    std: float
    ops: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    valid: str
    changes: tuple[Change, ...]
    attributions: Mapping[str, Attribution]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """In JSON form; null stands for what is not known."""
        return _without_nan({**asdict(self), "attributions": {k: asdict(v) for k, v in self.attributions.items()}})


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
