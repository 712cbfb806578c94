"""A page that shows a model as nested blocks that can be opened, with the costs of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from archflow.report import html
from archflow.report.block_drawing import Box, draw_blocks
from archflow.report.graph_drawing import TERMINALS, Drawable, operation_hues
from archflow.report.page import Figures, write_page
from archflow.report.quantities import percent, short
from archflow.report.svg import element, escape

COSTS = {"params": "parameters", "macs": "multiply-adds", "bytes": "bytes moved"}
UNITS = {"bytes": "B"}
MOST_ENDS = 4
"""Inputs, and outputs, that the map of all blocks shows."""

MOST_DRAWN = 400
"""Boxes of one drawing; what has more is listed alone."""


class BlockLike(Protocol):
    """The interface of a block that a page needs; `archflow.importers.blocks.Block` has it."""

    @property
    def nodes(self) -> Sequence[int]: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def parts(self) -> Sequence[BlockLike]: ...


def write_model_page(
    path: str | Path,
    title: str,
    model: Drawable,
    blocks: Sequence[BlockLike],
    facts: Mapping[str, float],
    notes: Sequence[str] = (),
) -> None:
    """Write the page of a model, whole or not at all.

    Args:
        path: The file (.html).
        title: What the model is called.
        model: Its graph; costs are the node attributes `params`, `macs` and `bytes`.
        blocks: What it is made of; every node is in one of them.
        facts: Numbers of the whole model by name: `params`, `macs`, `bytes`, `opaque`, `batch`, `resolution`.
        notes: Lines that a reader should know.

    Raises:
        ArchflowError: If the file cannot be written.
    """
    drawn = _Page(model)
    tree = "".join(drawn.row(block, (number,)) for number, block in enumerate(blocks))
    whole = drawn.drawing(drawn.without_side_ends([(block, f"b{number}") for number, block in enumerate(blocks)]))
    operations, count = len(model.ops), len(blocks)
    lead = (
        f"{operations:,} operations in {count:,} block{'s' * (count != 1)}. A block begins at a convolution or matrix "
        "product, or where paths split, and ends where the next one begins. Open a row to see what is in the block; "
        "click on a box to open its row."
    )
    shown = [(meaning, short(facts.get(name, math.nan), UNITS.get(name, ""))) for name, meaning in COSTS.items()]
    others = {"opaque": "opaque operations", "batch": "batch", "resolution": "image width"}
    shown += [(each, short(facts[name])) for name, each in others.items() if math.isfinite(facts.get(name, math.nan))]
    write_page(
        path,
        title,
        html.paragraph(lead, "lead"),
        *(html.paragraph(note, "muted") for note in notes),
        html.facts([("operations", f"{operations:,}"), *shown]),
        element(
            "div",
            element("nav", html.figure(whole, ""), class_="map", aria_label="graph of the blocks")
            + element("div", _head() + tree, class_="tree"),
            class_="model",
        ),
        html.paragraph(
            "Shares are of the sums over operations. Parameters that several operations read count for each of them "
            "here, and once above. A dash stands for what is not known. The bar of a box is its share of the "
            "multiply-adds, of the bytes where there are none.",
            "muted",
        ),
        figures=Figures(),
        parts=("model",),
    )


class _Page:
    """The parts of the page of one model."""

    def __init__(self, model: Drawable) -> None:
        self.model, self.count = model, len(model.ops)
        empty = np.full(self.count, np.nan)
        self.costs = {name: np.asarray(model.attributes.get(name, empty), np.float64) for name in COSTS}
        self.totals = {name: float(np.nansum(values)) for name, values in self.costs.items()}
        self.bar = "macs" if self.totals["macs"] else "bytes"
        self.hues = operation_hues(model.ops)
        self.behind: list[list[int]] = [[] for _ in model.ops]
        self.before: list[list[int]] = [[] for _ in model.ops]
        for source, target in model.edges:
            self.behind[source].append(target)
            self.before[target].append(source)

    def row(self, block: BlockLike, path: tuple[int, ...]) -> str:
        """A block as a row of the table, with its parts collapsed."""
        target = "b" + "-".join(map(str, path))
        if len(block.nodes) == 1:
            return element("div", self._cells(block), class_="row", id=target)
        parts = [(part, f"{target}-{number}") for number, part in enumerate(block.parts)]
        if parts:
            inside = "".join(self.row(part, (*path, number)) for number, part in enumerate(block.parts))
        else:
            inside = self._operations(block.nodes)
        drawn = self.drawing(parts) if parts else self._inside(block.nodes)
        content = element("div", (html.figure(drawn, "") if drawn else "") + inside, class_="inside")
        return element("details", element("summary", self._cells(block), class_="row") + content, id=target)

    def _cells(self, block: BlockLike) -> str:
        """What a line says."""
        kind = self._kind(block)
        name = element("b", escape(block.name)) + " " if block.name else ""
        named = element("span", name + element("span", escape(kind), class_="kind"), class_="name")
        sizes = self._shape(self._last(block.nodes))
        cells = [named, element("span", escape(sizes), class_="shape"), element("span", f"{len(block.nodes):,}")]
        for name, values in self.costs.items():
            own = values[list(block.nodes)]
            value = float(np.nansum(own)) if np.isfinite(own).any() else math.nan
            total = self.totals[name]
            share = 100 * value / total if total and math.isfinite(value) else 0.0
            text = escape(short(value, UNITS.get(name, ""))) + element("i", escape(percent(value, total)))
            cells.append(element("span", text, class_="cost", style=f"--share:{share:.2f}%"))
        return "".join(cells)

    def _kind(self, block: BlockLike) -> str:
        """What a block computes, for people."""
        if len(block.nodes) == 1:
            return self._described(block.nodes[0])
        return block.kind.removeprefix("block:").replace("*", " ").replace("+", " + ")

    def _operations(self, nodes: Sequence[int]) -> str:
        """The operations of a block, a line each."""
        return "".join(element("div", self._cells(_Single(self.model.ops[node], node)), class_="row") for node in nodes)

    def drawing(self, blocks: Sequence[tuple[BlockLike, str]]) -> str:
        """The graph of some blocks, each with the id that it links to; empty if it has too many boxes."""
        if len(blocks) > MOST_DRAWN:
            return ""
        owner = {node: number for number, (block, _) in enumerate(blocks) for node in block.nodes}
        edges = {
            (number, owner[target])
            for node, number in owner.items()
            for target in self.behind[node]
            if owner.get(target, number) != number
        }
        return draw_blocks([self._box(block, target) for block, target in blocks], sorted(edges))

    def without_side_ends(self, blocks: Sequence[tuple[BlockLike, str]]) -> list[tuple[BlockLike, str]]:
        """Leave out inputs and outputs if there are many, except those at the first and the last of the other blocks.

        Lines to all of them would hide everything else.
        """
        place = {node: number for number, (block, _) in enumerate(blocks) for node in block.nodes}
        first = {"input": self.behind, "output": self.before}
        left = list(blocks)
        for op, beside in first.items():
            ends = [each for each in left if len(each[0].nodes) == 1 and self.model.ops[each[0].nodes[0]] == op]
            if len(ends) > MOST_ENDS:
                where = [[place[each] for each in beside[block.nodes[0]]] for block, _ in ends]
                places = [(min(each) if op == "input" else -max(each)) if each else math.inf for each in where]
                out = {target for (_, target), each in zip(ends, places, strict=True) if each > min(places)}
                left = [each for each in left if each[1] not in out]
        return left

    def _inside(self, nodes: Sequence[int]) -> str:
        """The graph of the operations of a block; empty if they are a chain, or too many."""
        inner = set(nodes)
        degrees = [sum(each in inner for each in self.behind[node]) for node in nodes]
        if len(nodes) > MOST_DRAWN or (max(degrees) < 2 and sum(degrees) == len(nodes) - 1):
            return ""
        return self.drawing([(_Single(self.model.ops[node], node), "") for node in nodes])

    def _box(self, block: BlockLike, target: str) -> Box:
        single = len(block.nodes) == 1
        op = self.model.ops[self._heaviest(block.nodes)]
        kind = self._kind(block)
        own, total = float(np.nansum(self.costs[self.bar][list(block.nodes)])), self.totals[self.bar]
        note = percent(own, total) if own > 0 else ""
        title = block.name or kind
        sizes = self._shape(self._last(block.nodes))
        second = " · ".join(each for each in (kind if block.name else "", note or sizes) if each)
        full = f"{block.name}: {kind}" if block.name else kind
        full = ", ".join(each for each in (full, sizes, f"{note} of the {COSTS[self.bar]}" if note else "") if each)
        hue = None if single and op in TERMINALS else self.hues.get(op)
        return Box(title, second, full, hue, own / total if total else 0.0, target)

    def _heaviest(self, nodes: Sequence[int]) -> int:
        """The operation that costs the most; the first if several do."""
        own = np.nan_to_num(self.costs[self.bar][list(nodes)])
        return nodes[int(own.argmax())]

    def _last(self, nodes: Sequence[int]) -> int | None:
        """The operation whose result a block gives; None if there are several."""
        inner = set(nodes)
        last = [node for node in nodes if not any(each in inner for each in self.behind[node])]
        return last[0] if len(last) == 1 else None

    def _shape(self, node: int | None) -> str:
        sizes = (self._number(f"shape_{axis}", node) for axis in range(6)) if node is not None else ()
        return "×".join(f"{size:.0f}" for size in sizes if math.isfinite(size))

    def _described(self, node: int) -> str:
        """An operation with its kernel, stride and channels."""
        height, width = self._number("kernel_height", node), self._number("kernel_width", node)
        kernel = "×".join(f"{size:.0f}" for size in (height, width) if math.isfinite(size))
        stride, groups = self._number("stride", node), self._number("groups", node)
        ends = [self._number(f"channels_{end}", node) for end in ("in", "out")]
        words = [
            self.model.ops[node],
            kernel,
            f"stride {stride:.0f}" if stride > 1 else "",
            f"{groups:.0f} groups" if groups > 1 else "",
            "→".join(f"{end:.0f}" for end in ends) if all(map(math.isfinite, ends)) else "",
        ]
        return " ".join(word for word in words if word)

    def _number(self, name: str, node: int) -> float:
        values = self.model.attributes.get(name)
        return math.nan if values is None else float(values[node])


class _Single:
    """An operation as a block."""

    parts: Sequence[BlockLike] = ()
    name = ""

    def __init__(self, kind: str, node: int) -> None:
        self.kind, self.nodes = kind, (node,)


def _head() -> str:
    """The heads of the columns."""
    heads = ("block", "output shape", "operations", *COSTS.values())
    return element("div", "".join(element("span", escape(head)) for head in heads), class_="row head")
