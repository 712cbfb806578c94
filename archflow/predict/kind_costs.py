"""Latency as a sum of fitted costs per kind of node, regularised for kinds with few labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.latency_baselines import CostSum
from archflow.predict.latency_costs import checked_rows

Floats = NDArray[np.float64]

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Candidate penalties; see `KindCosts`."""

FOLDS = 5

ENOUGH = 500
"""The maximum number of rows, evenly spaced, from which the penalty is chosen: the time grows with them."""

ROUNDS = 4
"""Iterations of reweighted least squares, which turn relative errors into logarithmic ones."""

LEAST_ROWS = 4
"""Operations in fewer rows than this are of the kind `other`."""

_OF_CONVOLUTIONS = ("groups", "channels_in", "kernel_height")
_FREE = ("input", "output", "constant")
_GROUPS = {
    "activation": ("relu", "relu6", "leaky_relu", "hard_swish", "silu", "hard_sigmoid", "sigmoid", "elu", "tanh"),
    "elementwise": ("add", "mul", "sub", "div", "pow", "sqrt", "floor", "floor_divide", "exp", "clamp"),
    "move": ("reshape", "transpose", "stack", "roll", "gather", "split", "expand", "moves", "chunk", "permute"),
    "pooling": ("global_avg_pool", "mean", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "sum"),
}
_GROUP_OF = {op: group for group, ops in _GROUPS.items() for op in ops}


class KindCosts(CostSum):
    """Latency is a constant plus the sum of the costs of all nodes.

    Each kind of node has a cost per node, per multiply-add and per byte. No cost is negative. A kind is an operation,
    except that light operations of the same sort share a kind, and convolutions are divided by whether they are
    depthwise or grouped, and by their kernels.

    Costs minimise the squares of logarithmic errors, with less weight on large errors, and a penalty that shrinks them
    to zero: the square of what the kind contributes on average to the rows that have it, in units of the median
    latency. The penalty with the least mean error in a cross-validation of the training rows, which divides no
    structure, is used.

    Attributes:
        penalty: The penalty in use.
    """

    penalty: float
    kinds: tuple[str, ...] = ()

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        """Fit to the latencies (N,) of a table's rows.

        Raises:
            ArchflowError: If a latency is not positive, there is not one for each row, or nodes do not say what they
                compute and move.
        """
        measured = checked_rows(table, latency)
        self.kinds = common_kinds(table)
        self.weights, self.penalty = fitted_costs(self.costs(table), measured, structures(table))
        self.least = float(measured.min()) / 2
        return self

    def costs(self, table: Table) -> Floats:
        return costs_by_kind(table, self.kinds)


def has_costs(table: Table) -> bool:
    """Whether the nodes of a table say what they compute and move."""
    return {"macs", "bytes"} <= set(table.architectures.attribute_names)


def common_kinds(table: Table) -> tuple[str, ...]:
    """The kinds of nodes that occur in at least `LEAST_ROWS` rows."""
    names, owner = _kinds(table), table.architectures.node_owner
    found = np.unique(names[names != ""])
    return tuple(sorted(kind for kind in found if len(np.unique(owner[names == kind])) >= LEAST_ROWS))


def costs_by_kind(table: Table, kinds: Sequence[str]) -> Floats:
    """(N, 1 + 3 (K + 1)) a constant, then nodes, multiply-adds and bytes of each of K kinds and of all others.

    Raises:
        ArchflowError: If nodes do not say what they compute and move.
    """
    architectures, names = table.architectures, _kinds(table)
    other = len(kinds)
    place = {kind: number for number, kind in enumerate(kinds)}
    kind = np.array([place.get(name, other) for name in names.tolist()], np.int64)
    counted = names != ""
    columns = [np.ones((len(table), 1))]
    for values in (np.ones(len(names)), _attribute(table, "macs"), _attribute(table, "bytes")):
        at = architectures.node_owner[counted] * (other + 1) + kind[counted]
        sums = np.bincount(at, values[counted], minlength=len(table) * (other + 1))
        columns.append(sums.reshape(len(table), other + 1).astype(np.float64))
    return np.concatenate(columns, 1)


def structures(table: Table) -> NDArray[np.int64]:
    """(N,) the structure of each row: a number for its operations and edges, regardless of attributes."""
    bare = table.architectures.with_attributes(None, ())
    return np.unique(bare.hashes, return_inverse=True)[1].reshape(-1)


def fitted_costs(costs: Floats, measured: Floats, groups: NDArray[np.int64]) -> tuple[Floats, float]:
    """Fit the cost of a unit of each column of costs (N, F) to latencies (N,).

    Args:
        costs: Numbers of at least 0.
        measured: Positive latencies.
        groups: (N,) the cross-validation that chooses the penalty does not divide a group, unless there is only one.

    Returns:
        (F,) costs of a unit, and the penalty.
    """
    some = np.linspace(0, len(measured) - 1, min(len(measured), ENOUGH)).astype(np.int64)
    penalty = min(PENALTIES, key=lambda each: _error(costs[some], measured[some], groups[some], each))
    return _fitted(costs, measured, penalty), penalty


def _kinds(table: Table) -> NDArray[np.object_]:
    """(V,) the kind of each node; empty for nodes that cost nothing."""
    architectures = table.architectures
    ops = architectures.vocabulary.ops
    named = ["" if op in _FREE else _GROUP_OF.get(op, op) for op in ops]
    found = np.array(named, object)[architectures.op]
    if not set(_OF_CONVOLUTIONS) <= set(architectures.attribute_names):
        return found
    convolutions = np.array([op.startswith("conv") for op in ops], bool)[architectures.op]
    groups, channels, kernel = (_attribute(table, name) for name in _OF_CONVOLUTIONS)
    if "kernel_width" in architectures.attribute_names:  # the only one of a convolution over sequences
        kernel = np.where(kernel > 0, kernel, _attribute(table, "kernel_width"))
    convolutions &= kernel > 0
    depthwise = convolutions & (groups > 1) & (groups == channels)
    small, medium = kernel <= 3, kernel < 7
    found[convolutions & (groups <= 1)] = "convolution"
    found[convolutions & (groups <= 1) & (kernel <= 1)] = "pointwise convolution"
    found[convolutions & (groups > 1)] = "grouped convolution"
    found[depthwise & small] = "depthwise convolution"
    found[depthwise & ~small & medium] = "depthwise convolution of 5"
    found[depthwise & ~medium] = "depthwise convolution of 7"
    return found


def _attribute(table: Table, name: str) -> Floats:
    """(V,) an attribute, 0 where it does not apply. Raises ArchflowError if there is none."""
    architectures = table.architectures
    if name not in architectures.attribute_names:
        raise ArchflowError(f"nodes have no attribute {name}; import the models with `archflow import`")
    return np.maximum(np.nan_to_num(architectures.attribute(name).astype(np.float64)), 0.0)


def _error(costs: Floats, measured: Floats, groups: NDArray, penalty: float) -> float:
    """The mean relative error of held-out rows."""
    alike = (groups == groups[0]).all()
    names, member = np.unique(np.arange(len(groups)) if alike else groups, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(len(names)) % min(FOLDS, len(names)))[member.reshape(-1)]
    errors = []
    for number in range(fold.max() + 1):
        held = fold == number
        if held.all():
            return 0.0
        predicted = costs[held] @ _fitted(costs[~held], measured[~held], penalty)
        errors.append(np.abs(predicted / measured[held] - 1))
    return float(np.concatenate(errors).mean())


def _fitted(costs: Floats, measured: Floats, penalty: float) -> Floats:
    """The costs (F,) of a unit."""
    from scipy.optimize import nnls

    scale = _means_where_any(costs)
    relative, count = measured / np.median(measured), len(scale)
    shrunk = np.eye(count, count + 1) * np.sqrt(penalty)
    weight, weights = 1 / relative, np.zeros(count)
    for _ in range(ROUNDS):
        # The triangular factor has as many rows as there are costs, however many networks are measured.
        shown = np.column_stack([costs / scale, relative]) * weight[:, None]
        upper = np.asarray(np.linalg.qr(np.concatenate([shown, shrunk]), mode="r"))
        weights, _ = nnls(upper[:count, :count], upper[:count, count], maxiter=100 * count)
        weight = _log_weight(costs / scale @ weights / relative) / relative
    return weights / scale * np.median(measured)


def _means_where_any(costs: Floats) -> Floats:
    """(F,) means of costs (N, F) over the rows that have any; 1 where none has.

    Over all rows, a kind that few rows have would hardly be shrunk, although few rows say what it costs.
    """
    return np.where(costs.any(0), costs.sum(0) / np.maximum((costs > 0).sum(0), 1), 1.0)


def _log_weight(ratio: Floats) -> Floats:
    """Factor of a relative error that makes its square that of the logarithmic error; beyond 0.3 the loss is linear."""
    ratio = np.clip(ratio, 0.05, 20.0)
    error = np.abs(np.log(ratio))
    near = np.abs(ratio - 1) < 1e-3
    slope = np.where(near, 1.0, error / np.where(near, 1.0, np.abs(ratio - 1)))
    return slope * np.sqrt(np.minimum(1.0, 0.3 / np.maximum(error, 1e-9)))
