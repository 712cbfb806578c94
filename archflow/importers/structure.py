"""What a model is made of: blocks in blocks, from the structure of its graph alone, so that every source has them.

The trunk of a model is what every path from its main input to its main output passes. A block begins where the trunk
parts, and at every convolution or matrix product on it; what follows on the trunk belongs to it. So a block in which
paths part ends where they have met again. What is between is divided in the same way, each branch for itself. Side
inputs are part of the first block that takes them, side outputs of the last that gives to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from archflow.graph import Architecture
from archflow.importers.blocks import Block, is_product, kind_of

ENDS = frozenset(("input", "output"))

DEEPEST = 8
"""Blocks in blocks."""

_SMALL = 8
"""Operations of a branch that need not be divided."""

_FEW = 64
"""Inputs or outputs of which it is counted how many nodes each reaches."""


def blocks_of(graph: Architecture, depth: int = DEEPEST) -> list[Block]:
    """The blocks of a model, inputs first; every node is in one of them, and no two blocks need each other.

    Inputs and outputs are blocks of their own. The blocks depend neither on how nodes are numbered nor on attributes.

    Args:
        graph: The model.
        depth: How deep blocks are divided: 1 for the outermost alone.
    """
    return _Blocks(graph).all(depth)


class _Blocks:
    """The graph by neighbours. place: of each node in the order of execution."""

    def __init__(self, graph: Architecture) -> None:
        self.ops = graph.ops
        self.before: list[list[int]] = [[] for _ in self.ops]
        self.behind: list[list[int]] = [[] for _ in self.ops]
        for source, target in graph.edges:
            self.before[target].append(source)
            self.behind[source].append(target)
        self.order = list(graph.topological_order)
        self.place = [0] * len(self.ops)
        for place, node in enumerate(self.order):
            self.place[node] = place

    def all(self, depth: int) -> list[Block]:
        inputs = [node for node in self.order if not self.before[node]]
        outputs = [node for node in self.order if self.ops[node] == "output" and self._is_last(node)]
        ends = {node for node in (*inputs, *outputs) if self.ops[node] in ENDS}
        inner = [node for node in self.order if node not in ends]
        first = {each for node in self._widest(inputs, self.behind) for each in (self.behind[node] or [node])}
        sinks = outputs or [node for node in self.order if not self.behind[node]]
        last = {each for node in self._widest(sinks, self.before) for each in (self.before[node] or [node])}
        found = self._divided(inner, first, last, depth)
        given = [self._block([node]) for node in inputs if node in ends]
        return [*given, *found, *(self._block([node]) for node in outputs)]

    def _block(self, nodes: Sequence[int], parts: Iterable[Block] = ()) -> Block:
        return Block(tuple(nodes), kind_of(self.ops[node] for node in nodes), tuple(parts))

    def _is_last(self, node: int) -> bool:
        return bool(self.before[node]) and not self.behind[node]

    def _widest(
        self, ends: Sequence[int], neighbours: Sequence[Sequence[int]], within: Collection[int] | None = None
    ) -> list[int]:
        """The main input or output, several if they are equal.

        These are the ends from which the most nodes are reached, or, of many ends, the longest path leads.
        """
        if len(ends) < 2:
            return list(ends)
        if len(ends) <= _FEW:
            counts = [len(self._reached([end], neighbours, within)) for end in ends]
        else:
            lengths = [0] * len(self.ops)
            for node in reversed(self.order) if neighbours is self.behind else self.order:
                lengths[node] = 1 + max((lengths[each] for each in neighbours[node]), default=0)
            counts = [lengths[end] for end in ends]
        return [end for end, count in zip(ends, counts, strict=True) if count == max(counts)]

    def _reached(
        self, start: Iterable[int], neighbours: Sequence[Sequence[int]], within: Collection[int] | None = None
    ) -> set[int]:
        """The nodes that can be reached, the start included."""
        pending = [node for node in start if within is None or node in within]
        seen = set(pending)
        while pending:
            for node in neighbours[pending.pop()]:
                if node not in seen and (within is None or node in within):
                    seen.add(node)
                    pending.append(node)
        return seen

    def _divided(self, nodes: list[int], first: set[int], last: set[int], depth: int) -> list[Block]:
        """The blocks of nodes, in order; one block if no path leads from the first nodes to the last.

        Args:
            nodes: In order.
            first: Nodes at the main input; those that are not among the nodes do not count.
            last: Nodes at the main output, likewise.
            depth: How many levels of blocks are left.
        """
        within = set(nodes)
        on_path = self._reached(first, self.behind, within) & self._reached(last, self.before, within)
        path = [node for node in nodes if node in on_path]
        groups, joins = self._along(path, first, last)
        if not groups:
            return [self._block(nodes)] if nodes else []
        of = {node: number for number, group in enumerate(groups) for node in group}
        self._add_sides(nodes, of)
        members: list[list[int]] = [[] for _ in groups]
        for node in nodes:
            members[of[node]].append(node)
        found = []
        for number, group in enumerate(members):
            start = first if number == 0 else {each for node in groups[number - 1] for each in self.behind[node]}
            parts = self._parts(group, joins[number], start, last, depth - 1) if depth > 1 else []
            found.append(self._block(group, parts))
        return found

    def _along(self, path: list[int], first: set[int], last: set[int]) -> tuple[list[list[int]], list[int | None]]:
        """The nodes of a path between main input and output in groups, and where the paths in each meet again.

        On the trunk is a node that no edge leads past.
        """
        place = {node: number for number, node in enumerate(path)}
        past = [0] * (len(path) + 1)  # edges that lead past a place, as changes from one place to the next

        def add(source: int, target: int) -> None:
            if source + 1 < target:
                past[source + 1] += 1
                past[target] -= 1

        for node, number in place.items():
            if node in first:
                add(-1, number)
            if node in last:
                add(number, len(path))
            for each in self.behind[node]:
                if each in place:
                    add(number, place[each])
        groups: list[list[int]] = []
        joins: list[int | None] = []
        between: list[int] = []
        over = 0
        for number, node in enumerate(path):
            over += past[number]
            if over:
                between.append(node)
                continue
            if between or not groups or is_product(self.ops[node]):
                groups.append([*between, node])
                joins.append(node if between else None)
                between = []
            else:
                groups[-1].append(node)
        if between:
            groups.append(between)
            joins.append(None)
        return groups, joins

    def _add_sides(self, nodes: Sequence[int], of: dict[int, int]) -> None:
        """Give nodes that are on no main path a group, so that groups stay in order.

        It is the first of those that take from them, or else the last of those that give to them.
        """
        for node in reversed(nodes):
            taking = [of[each] for each in self.behind[node] if each in of]
            if node not in of and taking:
                of[node] = min(taking)
        for node in nodes:
            if node not in of:
                of[node] = max((of[each] for each in self.before[node] if each in of), default=0)

    def _given(self, node: int, within: set[int]) -> list[int]:
        return [each for each in self.before[node] if each in within]

    def _parts(self, group: list[int], join: int | None, first: set[int], last: set[int], depth: int) -> list[Block]:
        """The blocks in a block: those of its branches, and what is from the join on; none if there is but one."""
        tail = self._reached([] if join is None else [join], self.behind, set(group))
        rest = [node for node in group if node not in tail]
        if not rest or (join is None and len(self._branches(rest)) < 2):
            return []
        within = set(group)
        found: list[Block] = []
        for branch in self._branches(rest):
            fed = {node for node in branch if node in first} or {
                node for node in branch if not self._given(node, within)
            }
            ends = {node for node in branch if any(each in tail for each in self.behind[node]) or node in last}
            ends = ends or {node for node in branch if not any(each in within for each in self.behind[node])}
            found.extend(self._branch(branch, fed, ends, depth))
        if tail:
            found.append(self._block([node for node in group if node in tail]))
        return found if len(found) > 1 else []

    def _branch(self, nodes: list[int], first: set[int], last: set[int], depth: int) -> list[Block]:
        """The blocks of a branch.

        Where all its layers take what comes from before, as those of a decoder take what an encoder gives, it has a
        trunk only between the first of them and the last. That counts if no block on it has more than half of the
        branch.
        """
        found = self._divided(nodes, first, last, depth)
        if len(found) > 1 or len(nodes) < _SMALL:
            return found
        within = set(nodes)
        main, end = (
            set(self._widest(sorted(ends & within, key=self.place.__getitem__), neighbours, within))
            for ends, neighbours in ((first, self.behind), (last, self.before))
        )
        other = self._divided(nodes, main, end, depth)
        return other if max(len(block.nodes) for block in other) <= len(nodes) / 2 else found

    def _branches(self, nodes: list[int]) -> list[list[int]]:
        """The nodes in groups that no edge joins, in order."""
        within, seen = set(nodes), set[int]()
        found = []
        for node in nodes:
            if node not in seen:
                branch = {node}
                pending = [node]
                while pending:
                    here = pending.pop()
                    for each in (*self.before[here], *self.behind[here]):
                        if each in within and each not in branch:
                            branch.add(each)
                            pending.append(each)
                seen |= branch
                found.append(sorted(branch, key=self.place.__getitem__))
        return found
