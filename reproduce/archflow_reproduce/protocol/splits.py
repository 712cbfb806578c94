"""The splits of a protocol: one for each permutation of the data, drawn by one rule and kept beside the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.proxies import proxy
from archflow.data.saved_splits import save_split
from archflow.data.splits import PERMUTATIONS, Rows, Split, split, split_by_size
from archflow.errors import ArchflowError
from archflow.graph.table import Table

VALIDATION = 40
"""Labelled architectures that choose the epoch, as in FGP."""

RULES = ("random", "class", "size", "all")

Splits = Mapping[int | str, Split]
"""A split under the seed of its permutation, or under "identity"."""


def check_rule(rule: str) -> None:
    """Raises ArchflowError unless it is one of the `RULES`, or "size:NAME"."""
    if rule not in RULES and not rule.startswith("size:"):
        raise ArchflowError(f"split {rule!r} is none of {', '.join(RULES)}, size:NAME")


def draw_splits(
    rule: str, table: Table, classes: Rows, train: int, labels: int, validation: int = VALIDATION
) -> Splits:
    """The splits of a table's rows.

    rule: "random" as the FGP paper; "class" to keep each isomorphism class on one side; "size" to learn from the
    smaller architectures and judge by the larger ones, in parameters, or "size:NAME" in another column or computable
    proxy; "all" to judge by every architecture, the labelled ones among them (the protocol of TNASP, NeurIPS 2021,
    and those that followed it). classes: (N,) isomorphism class of every row. train: architectures in the train part
    ("class" and "size" add those that must stay on its side). labels: how many of them are labelled. validation: how
    many of the test part's choose the epoch instead.

    Raises ArchflowError if a part would be too small to rank, or if the sizes are not known.
    """
    if rule.startswith("size"):
        sizes = _sizes(rule, table)
        # Both sides are shuffled anyway, so the table's own order gives way to a seed.
        seeds = [seed or 0 for seed in PERMUTATIONS]
        return {seed: split_by_size(sizes, train, labels, validation, seed)[0] for seed in seeds}
    kept = classes if rule == "class" else None
    splits: dict[int | str, Split] = {
        seed or "identity": split(_order(len(table), seed), train, labels, validation, kept) for seed in PERMUTATIONS
    }
    if rule == "all":
        return {name: replace(parts, test=np.arange(len(table))) for name, parts in splits.items()}
    return splits


def save_splits(folder: Path, splits: Splits, rule: str, table: Table, rows: Rows) -> list[str]:
    """Write each split as rows of the whole table, for `load_split`; the files' names as seen from beside the folder.

    rows: the table's rows that the splits count in.
    """
    for name, parts in splits.items():
        whole = Split(**{part: rows[chosen] for part, chosen in vars(parts).items()})
        save_split(folder / f"{name}.json", whole, rule, table)
    return [f"{folder.name}/{name}.json" for name in splits]


def pretraining_rows(rule: str, table: Table, train: int) -> Rows:
    """The rows that an encoder may be pre-trained on: all, but for "size" the train part, so that the larger
    architectures are outside of everything that it has seen (as in CATE's experiment outside the search space)."""
    if not rule.startswith("size"):
        return np.arange(len(table))
    sizes = _sizes(rule, table)
    return np.flatnonzero(sizes <= split_by_size(sizes, train, train, VALIDATION)[1])


def _sizes(rule: str, table: Table) -> NDArray[np.float64]:
    return proxy(table, rule.partition(":")[2] or "params")


def _order(count: int, seed: int | None) -> Rows:
    return np.arange(count) if seed is None else np.random.RandomState(seed).permutation(count)
