"""Repeated random draws of labels to learn from and architectures to judge on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.data.splits import label_count
from archflow.errors import ArchflowError
from archflow.features.columns import Columns
from archflow.features.known import known_columns
from archflow.graph.table import Table
from archflow.predict.context import ContextChoice
from archflow.predict.labels import LEAST
from archflow.recipes.fitting import Task

Rows = NDArray[np.int64]

TESTED = 5000
"""The largest number of architectures that a draw judges on."""

LEAST_TESTED = 20
"""The least number of measured architectures that must be left to judge on."""

JUDGED = 0.2
"""The fraction of measured architectures that is always left to judge on."""

USUAL = 50
"""The default number of labels to learn from, if it leaves enough architectures to judge on."""


@dataclass(frozen=True)
class Draws:
    """Labels drawn at random from the measured architectures of a table.

    Attributes:
        task: The table and one metric.
        budgets: Numbers of labels, ascending. A smaller budget has the first labels of a larger one.
        rows: For each draw, the rows (n,) of the largest budget's labels, in the order in which they were drawn, and
            the rows (M,) to judge on. No architecture is in both, even if the table holds it twice.
        seed: Seed of the first draw; later draws use the following seeds.
    """

    task: Task
    budgets: Sequence[int]
    rows: Sequence[tuple[Rows, Rows]]
    seed: int

    @classmethod
    def of(
        cls,
        task: Task,
        labels: Sequence[float] = (),
        repetitions: int = 5,
        features: Sequence[str] = (),
        seed: int = 21,
        context: ContextChoice | None = None,
    ) -> Self:
        """Draw labels.

        Args:
            task: A table and one metric.
            labels: Fractions below 1 of the measured architectures, or counts; if empty, a default number.
            repetitions: How many draws to make.
            features: Columns that describe an architecture: rows with the same graph but different values in these are
                different architectures. If None, the columns known before training, found by name.
            seed: Seed of the first draw; later draws use the following seeds.
            context: The column of devices or tasks, which also distinguishes rows.

        Raises:
            ArchflowError: If labels are all equal, too few to learn from, or leave too few to judge on, or a column
                cannot be a feature.
        """
        (metric,) = task.metrics
        table, values = task.table, task.table.metric(metric)
        measured = np.flatnonzero(np.isfinite(values))
        if np.ptp(values[measured]) == 0:
            raise ArchflowError(
                f"{metric}: all {len(measured)} values are {values[measured][0]:g}; there is no order to learn"
            )
        given = labels or [max(LEAST, min(USUAL, len(measured) - _left(len(measured))))]
        budgets = sorted({label_count(each, len(measured)) for each in given})
        for budget in budgets:
            check_enough(len(measured), budget, metric)
        columns = Columns.named(table, features or known_columns(table, [metric]), [metric])
        orders = [np.random.default_rng(seed + draw).permutation(measured) for draw in range(repetitions)]
        for number, order in enumerate(orders, 1):
            if np.ptp(values[order[: budgets[0]]]) == 0:
                raise ArchflowError(
                    f"{metric}: the {budgets[0]} labels of draw {number} are all {values[order[0]]:g}; others "
                    "are rare: give more --labels"
                )
        return cls(task, budgets, [_apart(table, columns, order, budgets[-1], context) for order in orders], seed)


def check_enough(measured: int, labels: int, metric: str) -> None:
    """Raise ArchflowError unless there are enough labels to learn from and measured architectures to judge on."""
    left = _left(measured)
    if labels < LEAST:
        raise ArchflowError(f"labels: {labels} are too few to learn from; give at least {LEAST}")
    if measured - labels < left:
        most = measured - left
        hint = f"give at most --labels {most}" if most >= LEAST else f"measure at least {LEAST + LEAST_TESTED}"
        raise ArchflowError(
            f"{metric} is known for {measured} architectures; learning from {labels} leaves "
            f"{max(0, measured - labels)} to judge on, and {left} are needed: {hint}"
        )


def _left(measured: int) -> int:
    """How many of the measured architectures must be left to judge on."""
    return max(LEAST_TESTED, round(JUDGED * measured))


def _apart(
    table: Table, columns: Columns, order: Rows, labels: int, context: ContextChoice | None = None
) -> tuple[Rows, Rows]:
    """The first `labels` rows in an order, and the later rows whose architectures are not among them."""
    rows = order[: labels + TESTED]
    shown = table.select(rows)
    # Proxies of the same graph may differ by noise.
    numeric = tuple(each for each in columns.numeric if not each[0].startswith("zc_"))
    costs = Columns(numeric, columns.texts)(shown)
    texts = [""] * len(shown) if context is None else context.texts(shown)
    each = zip(shown.architectures.hashes, costs, texts, strict=True)
    same = [(graph, row.tobytes(), text) for graph, row, text in each]
    learnt = set(same[:labels])
    tested = rows[labels:][np.array([one not in learnt for one in same[labels:]], bool)]
    if len(tested) < LEAST_TESTED:
        raise ArchflowError(
            f"only {len(tested)} of the other measured architectures differ from those learnt from, and {LEAST_TESTED} "
            "are needed to judge on: measure different ones, or name columns that distinguish them with --features"
        )
    return rows[:labels], np.sort(tested)
