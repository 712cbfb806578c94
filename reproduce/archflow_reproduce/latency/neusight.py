"""NeuSight's traced transformers: the time of every operation, and of whole models, on held-out GPUs."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.predict.latency_scores import scores_of
from archflow_reproduce.speed.machine import machine

Values = NDArray[np.float64]

TABLES = ("graphs", "op_latency", "e2e", "devices")
"""NeuSight's tables; their files begin with `neusight_`."""

LAUNCH_MS = 0.006
"""Milliseconds of an operation without computation on every device of the table: the launch overhead."""

LARGE = 1e6
"""Operations that move fewer bytes are judged only as parts of a model: they take about `LAUNCH_MS`."""

_LAYER = re.compile(r"\.(?:layer|h|layers|block)\.0\.")


@dataclass(frozen=True)
class Nodes:
    """V nodes of one traced model.

    Attributes:
        kind: The kind of each operation.
        flops, bytes: (V,) floating-point operations and bytes moved.
        repeats: (V,) how often the node runs in the whole model; the traced graph has one layer.
    """

    kind: Sequence[str]
    flops: Values
    bytes: Values
    repeats: Values


@dataclass(frozen=True)
class Device:
    """Data sheet of a GPU: single-precision GFLOP/s, GB/s, number of processors, and L2 cache in MB."""

    peak: float
    bandwidth: float
    processors: float
    cache: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Device:
        """Read a row of the table of devices; without a stated peak, assume two operations per core and cycle."""
        peak = row["SingleFLOPsMM"] or 2 * row["Num_Sm"] * row["Core_Per_SM"] * row["Freq"] / 1e3
        return cls(float(peak), float(row["Mem_Bw"]), float(row["Num_Sm"]), float(row["L2Cache"]))

    def roofline(self, nodes: Nodes) -> Values:
        """Milliseconds (V,) at peak compute or at full bandwidth, whichever takes longer."""
        return np.maximum(nodes.flops / (self.peak * 1e6), nodes.bytes / (self.bandwidth * 1e6))


def run_neusight(say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Predict every device by methods fitted to the other devices of its maker.

    Makers are kept apart because they state peaks differently. The classes of operations and the rule for one maker
    were chosen while looking at these errors.

    Args:
        say: Called with each device.

    Returns:
        The scores by device, by what is predicted (`operations`, each alone, or `whole models`) and by method; also
        `config` and `machine`.

    Raises:
        ArchflowError: If the tables are not on this machine.
    """
    rows = {name: read_columns(_place(name)).to_pylist() for name in TABLES}
    graphs = {row["run"]: row for row in rows["graphs"]}
    sheets = {row["file"]: Device.of(row) for row in rows["devices"]}
    whole = {(row["device"], row["run"]): row for row in rows["e2e"] if row["mode"] == "inf" and not row["variant"]}
    taken = [row for row in rows["op_latency"] if row["same_graph"] and (row["device"], row["run"]) in whole]
    layers = {key: row["num_layer"] for key, row in whole.items()}
    shown = [nodes_of(graphs[row["run"]], layers[row["device"], row["run"]]) for row in taken]
    times = [np.array(row["fw_ms"], np.float64) for row in taken]
    end_to_end = np.array([whole[row["device"], row["run"]]["e2e_ms"] for row in taken])
    owner = np.array([row["device"] for row in taken])
    names = [name for name in sorted(set(owner.tolist())) if (owner == name).sum() >= 2]
    found: dict[str, Any] = {}
    for name in names:
        say(f"left out: {name}")
        known = [i for i in range(len(taken)) if owner[i] != name and _maker(owner[i]) == _maker(name)]
        held = np.flatnonzero(owner == name)
        scores: dict[str, dict[str, Mapping[str, float]]] = {"operations": {}, "whole models": {}}
        for method, make in METHODS.items():
            predict = make([(shown[i], sheets[owner[i]], times[i]) for i in known])
            predicted = [predict(shown[i], sheets[name]) for i in held]
            large = [(shown[i].bytes >= LARGE) & (times[i] > 0) for i in held]
            alone = [
                np.concatenate([values[some] for values, some in zip(each, large, strict=True)])
                for each in (predicted, [times[i] for i in held])
            ]
            scores["operations"][method] = scores_of(*alone)
            sums = np.array([float(p @ shown[i].repeats) for p, i in zip(predicted, held, strict=True)])
            scores["whole models"][method] = scores_of(sums, end_to_end[held])
        found[name] = {"models": len(held), "scores": scores}
    return {"devices": found, "config": {"methods": list(METHODS)}, "machine": machine()}


def data_hashes() -> dict[str, str]:
    """Fingerprints of the tables, by name."""
    return {name: fingerprint(_place(name).read_bytes().hex()) for name in TABLES}


def _place(name: str) -> Path:
    place = own_table(f"neusight_{name}")
    if place is None:
        raise ArchflowError(f"neusight_{name}.parquet: not on this machine; set {FOLDER_VARIABLE} to its folder")
    return place


def _maker(device: str) -> str:
    return "AMD" if device.startswith("AMD") else "NVIDIA"


def nodes_of(graph: Mapping[str, Any], layers: int) -> Nodes:
    """Read the nodes of a row of the table of graphs; those of its first layer count `layers` times."""
    kinds, flops, moved = [], [], []
    turned = {
        target
        for source, target in zip(graph["edge_src"], graph["edge_dst"], strict=True)
        if graph["ops"][source].endswith(("permute", "transpose"))
    }
    for number, (op, operands, out) in enumerate(
        zip(graph["ops"], graph["in_shapes"], graph["out_shape"], strict=True)
    ):
        if op.endswith("contiguous") and number not in turned:
            op = "call_method:view"  # the array is contiguous already: nothing is copied
        kind, work, size = _node(op, ast.literal_eval(operands or "[]"), ast.literal_eval(out or "()"))
        kinds.append(kind)
        flops.append(work)
        moved.append(size)
    inside = [number for number, op in enumerate(graph["ops"]) if _LAYER.search(op)]
    repeats = np.ones(len(kinds))
    if inside:
        repeats[inside[0] : inside[-1] + 1] = layers
    return Nodes(kinds, np.array(flops, np.float64), np.array(moved, np.float64), repeats)


_VIEWS = (
    *("view", "permute", "transpose", "size", "getitem", "expand", "reshape", "split", "dim", "getattr", "unsqueeze"),
    *("to", "type", "type_as", "float", "bool", "long", "dropout", "setitem", "eq", "ne"),
)
"""Calls that only create views, in evaluation mode and without a change of data type."""

_MODULES = (
    (("norm", "ln_"), "layer norm"),
    (("drop",), "view"),
    (("embed", "wte", "wpe", "relative_attention_bias"), "embedding"),
    (("act",), "elementwise"),
    (("softmax",), "softmax"),
)
"""Kinds of operations by a part of the module's name; any other one is a linear layer."""


def _node(op: str, operands: Sequence[Sequence[int]], out: Sequence[int]) -> tuple[str, float, float]:
    """Kind, floating-point operations and bytes of a node; views move none."""
    call, _, name = op.partition(":")
    last = name.rpartition(".")[2].lower()
    kind = _kind(call, last)
    size = 4.0 * math.prod(out) if len(out) > 1 else 0.0
    moved = size + 4.0 * sum(math.prod(each) for each in operands if len(each) > 1)
    if kind in ("none", "view"):
        return kind, 0.0, 0.0
    if kind == "embedding":
        return kind, 0.0, 2 * size  # only the requested rows of the table
    if kind == "linear":
        width = operands[0][-1] if call == "call_module" else operands[1][-1]
        return kind, 2.0 * math.prod(out) * width, moved + (4.0 * width * out[-1] if call == "call_module" else 0.0)
    if kind == "matmul":
        return kind, 2.0 * math.prod(out) * operands[0][-1], moved
    return kind, 0.0, moved


def _kind(call: str, name: str) -> str:
    if call in ("placeholder", "get_attr", "output"):
        return "none"
    if call == "call_module":
        return next((kind for parts, kind in _MODULES if any(part in name for part in parts)), "linear")
    named = {"addmm": "linear", "matmul": "matmul", "bmm": "matmul", "softmax": "softmax", "embedding": "embedding"}
    return "view" if name in _VIEWS else named.get(name, name)


Example = tuple[Nodes, Device, Values]
Predict = Callable[[Nodes, Device], Values]


def _roofline(examples: Sequence[Example]) -> Predict:
    """The roofline of the data sheet alone."""
    return lambda nodes, device: np.maximum(device.roofline(nodes), LAUNCH_MS * _runs(nodes))


def _efficiency(examples: Sequence[Example]) -> Predict:
    """The roofline times a factor per kind: the median over the known devices."""
    ratios: dict[str, list[float]] = {}
    for nodes, device, times in examples:
        base = device.roofline(nodes)
        for kind, expected, measured in zip(nodes.kind, base, times, strict=True):
            if expected > 0 and measured > 0:
                ratios.setdefault(kind, []).append(math.log(measured / expected))
    factor = {kind: math.exp(float(np.median(found))) for kind, found in ratios.items()}

    def predict(nodes: Nodes, device: Device) -> Values:
        scaled = device.roofline(nodes) * np.array([factor.get(kind, 1.0) for kind in nodes.kind])
        return np.maximum(scaled, LAUNCH_MS * _runs(nodes))

    return predict


def _trees(examples: Sequence[Example]) -> Predict:
    """The roofline times a factor predicted by trees from kind, sizes and data sheet."""
    from sklearn.ensemble import ExtraTreesRegressor

    kinds = sorted({kind for nodes, _, _ in examples for kind in nodes.kind})
    base = _efficiency(examples)
    inputs, targets = [], []
    for nodes, device, times in examples:
        use = (nodes.bytes > 0) & (times > 0)
        inputs.append(_shown(nodes, device, kinds)[use])
        targets.append(np.log(times[use] / base(nodes, device)[use]))
    model = ExtraTreesRegressor(100, min_samples_leaf=3, random_state=0)
    model.fit(np.concatenate(inputs), np.concatenate(targets))

    def predict(nodes: Nodes, device: Device) -> Values:
        factor = np.exp(model.predict(_shown(nodes, device, kinds)))
        return base(nodes, device) * np.where(nodes.bytes > 0, factor, 1.0)

    return predict


def _runs(nodes: Nodes) -> Values:
    """1 for nodes that launch a kernel on the device, otherwise 0."""
    return np.array([kind != "none" for kind in nodes.kind], np.float64)


def _shown(nodes: Nodes, device: Device, kinds: Sequence[str]) -> Values:
    """Features (V, F) of nodes on a device.

    They are the kind, and logarithms of sizes relative to the device: time at full bandwidth and at the peak, bytes and
    operations per processor, and bytes per byte of cache.
    """
    moved, work = np.maximum(nodes.bytes, 1.0), np.maximum(nodes.flops, 1.0)
    sizes = (
        *(moved / device.bandwidth, work / device.peak, moved / device.processors, work / device.processors),
        *(moved / device.cache, work / moved),
    )
    one_hot = np.array([[kind == each for each in kinds] for kind in nodes.kind], np.float64)
    return np.concatenate([one_hot, np.log(np.stack(sizes, 1))], 1)


METHODS: Mapping[str, Callable[[Sequence[Example]], Predict]] = {
    "roofline": _roofline,
    "roofline, a factor per kind": _efficiency,
    "roofline, factors by trees": _trees,
}
"""By name, functions that fit a predictor to examples from the known devices."""
