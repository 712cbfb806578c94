"""Statistics of an architecture's node attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import FEATURES
from archflow.features.kinds import Kinds
from archflow.features.statistics import Statistics
from archflow.features.varying import Varying
from archflow.graph import ArchitectureSet
from archflow.graph.attributes import telling

GROUPS = 64
"""The maximum number of pairs of an attribute and an operation with their own statistics: those with most nodes."""

DECADES = 100.0
"""Positive values also get sums of logarithms if the largest is at least this many times the smallest."""


@FEATURES.register("attributes")
@dataclass(frozen=True)
class AttributeStatistics(Varying):
    """Sum, mean, minimum and maximum of each node attribute, over all nodes and over those of one operation.

    Attributes:
        groups: Attribute, operation (None for all), and whether sums of logarithms are included.
    """

    groups: tuple[tuple[str, int | None, bool], ...]

    @classmethod
    def planned(cls, architectures: ArchitectureSet) -> Self:
        groups: list[tuple[str, int | None, bool]] = []
        by_op: list[tuple[int, str, int, bool]] = []
        for name in (architectures.attribute_names[i] for i in telling(architectures.attribute_names)):
            values = architectures.attribute(name)
            ops = np.bincount(architectures.op[~np.isnan(values)], minlength=len(architectures.vocabulary))
            wide = _spans_decades(values)
            if ops.any():
                groups.append((name, None, wide))
            if (ops > 0).sum() > 1:
                by_op += [(-int(count), name, op, wide) for op, count in enumerate(ops.tolist()) if count]
        groups += [(name, op, wide) for _, name, op, wide in sorted(by_op)[:GROUPS]]
        ops = architectures.vocabulary.ops
        return cls(Kinds(ops, (), tuple((op, ()) for op in range(len(ops)))), (), tuple(groups))

    @property
    def every(self) -> list[str]:
        names = []
        for name, op, wide in self.groups:
            of_op = "" if op is None else f":{self.kinds.ops[op]}"
            names += [f"{each}:{name}{of_op}" for each in (*Statistics._fields, *(("log_sum",) if wide else ()))]
        return names

    def values(self, architectures: ArchitectureSet) -> NDArray:
        columns = [np.zeros((len(architectures), 0))]
        for name, op, wide in self.groups:
            values = architectures.attribute(name)
            if op is not None:
                values = np.where(architectures.op == op, values, np.float32(np.nan))
            columns += [np.stack(Statistics.of(values, architectures.node_owner, len(architectures)), 1)]
            if wide:
                positive = np.where(values > 0, values, np.float32(np.nan)).astype(np.float64)
                columns += [Statistics.of(np.log(positive), architectures.node_owner, len(architectures)).sum[:, None]]
        return np.concatenate(columns, 1)

    def plan(self) -> dict[str, Any]:
        return {"groups": [list(group) for group in self.groups]}

    @classmethod
    def from_plan(cls, kinds: Kinds, about: Mapping[str, Any]) -> Self:
        groups = []
        for name, op, wide in saved.lists(about, "groups", 3):
            if not isinstance(name, str) or not isinstance(wide, bool):
                raise saved.damaged("a group is not an attribute of an operation")
            if op is not None:
                saved.integers([op], "groups", len(kinds.ops))
            groups.append((name, op, wide))
        return cls(kinds, (), tuple(groups))


def _spans_decades(values: NDArray[np.float32]) -> bool:
    there = values[~np.isnan(values)].astype(np.float64)
    return bool(len(there) and there.min() > 0 and there.max() >= DECADES * there.min())
