"""The splits of a protocol: one per permutation of the data, drawn by one rule and stored next to the result."""

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
"""Number of labelled architectures that choose the epoch, as in FGP."""

RULES = ("random", "class", "size", "all")

Splits = Mapping[int | str, Split]
"""A split under the seed of its permutation, or under "identity"."""


def check_rule(rule: str) -> None:
    """Raise ArchflowError unless the rule is one of `RULES`, or "size:NAME"."""
    if rule not in RULES and not rule.startswith("size:"):
        raise ArchflowError(f"split {rule!r} is not one of {', '.join(RULES)}, size:NAME")


def draw_splits(
    rule: str, table: Table, classes: Rows, train: int, labels: int, validation: int = VALIDATION
) -> Splits:
    """Draw the splits of a table's rows.

    Args:
        rule: "random" as in the FGP paper; "class" keeps each isomorphism class on one side; "size" trains on the
            smaller architectures and tests on the larger ones, by parameters, or "size:NAME" by another column or
            computable proxy; "all" tests on every architecture, including the labelled ones (the protocol of TNASP,
            NeurIPS 2021, and later papers).
        table: The table.
        classes: (N,) isomorphism class of every row.
        train: Number of architectures in the train part ("class" and "size" add those that must be on its side).
        labels: How many of them are labelled.
        validation: How many architectures of the test part choose the epoch instead.

    Raises:
        ArchflowError: If a part would be too small to rank, or the sizes are not known.
    """
    if rule.startswith("size"):
        sizes = _sizes(rule, table)
        # Both sides are shuffled anyway, so a seed replaces the table's own order.
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
    """Write each split as rows of the whole table, for `load_split`.

    Returns the files' names relative to the folder's parent.

    rows: the table's rows that the splits index.
    """
    for name, parts in splits.items():
        whole = Split(**{part: rows[chosen] for part, chosen in vars(parts).items()})
        save_split(folder / f"{name}.json", whole, rule, table)
    return [f"{folder.name}/{name}.json" for name in splits]


def pretraining_rows(rule: str, table: Table, train: int) -> Rows:
    """The rows that an encoder may be pre-trained on: all rows or, for "size", the train part.

    With "size" the larger architectures are therefore outside of everything that the encoder has seen (as in CATE's
    experiment outside the search space).
    """
    if not rule.startswith("size"):
        return np.arange(len(table))
    sizes = _sizes(rule, table)
    return np.flatnonzero(sizes <= split_by_size(sizes, train, train, VALIDATION)[1])


def _sizes(rule: str, table: Table) -> NDArray[np.float64]:
    return proxy(table, rule.partition(":")[2] or "params")


def _order(count: int, seed: int | None) -> Rows:
    return np.arange(count) if seed is None else np.random.RandomState(seed).permutation(count)
