"""How well a predictor ranks a table after learning from a number of labels: what `archflow evaluate` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.benchmarks import Benchmark
from archflow.data.journal import Journal
from archflow.data.proxies import proxy_columns
from archflow.features.columns import Columns
from archflow.graph.table import Table
from archflow.predict.context import ContextChoice
from archflow.predict.latency_scores import SCORES
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.columns import usable_columns
from archflow.recipes.draws import Draws
from archflow.recipes.fitting import DEFAULT, Task
from archflow.recipes.judging import BLEND, CHANCE, COVERAGES, Repetition, judged
from archflow.recipes.presets import preset_of
from archflow.recipes.stacks import recipe_of
from archflow.recipes.unfinished import entry_of, finished
from archflow.report import notebook

Values = NDArray[np.float64]

MEASURES = ("tau", "p_at_1", "top_ten", "regret_at_10", "beaten", "pairs")
"""The measures that `Evaluation.content` holds for each component."""


@dataclass(frozen=True)
class Evaluation:
    """How well predictors of one kind rank a table.

    Attributes:
        table: The architectures.
        metric: The predicted column.
        lower_is_better: Whether low values of the metric are good.
        labels: The number of labels that each predictor learnt from.
        repetitions: One for each draw of labels.
    """

    table: Table
    metric: str
    lower_is_better: bool
    labels: int
    repetitions: Sequence[Repetition]

    def __repr__(self) -> str:
        tau = f"Kendall tau {self.mean(BLEND, 'tau'):.3f} ± {self.error(BLEND, 'tau'):.3f}"
        return f"Evaluation({self.metric}; {len(self.repetitions)} draws of {self.labels} labels; {tau})"

    def _repr_html_(self) -> str:
        measures = ("tau", "p_at_1", "regret_at_10")
        rows = [(name, *(f"{self.mean(name, each):.3f}" for each in measures)) for name in self.names]
        return notebook.table(repr(self), ("predictor", "Kendall tau", "P@1", "regret@10"), rows)

    @property
    def names(self) -> list[str]:
        """The blend and the components, the best by Kendall's tau first."""
        names = [name for name in self.repetitions[0].measures if name != CHANCE]
        return sorted(names, key=lambda name: -self.mean(name, "tau"))

    @property
    def judged(self) -> int:
        """The mean number of architectures that a repetition judges on."""
        return round(float(np.mean([each.judged for each in self.repetitions])))

    def values(self, name: str, measure: str) -> Values:
        """(repetitions,) values of one measure for the blend or a component."""
        return np.array([each.measures[name][measure] for each in self.repetitions])

    def mean(self, name: str, measure: str) -> float:
        """The mean of `values`."""
        return float(self.values(name, measure).mean())

    def error(self, name: str, measure: str) -> float:
        """The standard error of `mean`, NaN for a single repetition."""
        return standard_error(self.values(name, measure))

    def gap(self, name: str) -> tuple[float, float]:
        """The blend's mean Kendall tau minus a component's, and the standard error over the draws."""
        gaps = self.values(BLEND, "tau") - self.values(name, "tau")
        return float(gaps.mean()), standard_error(gaps)

    def weight(self, name: str) -> float | None:
        """The mean weight of a component; None if the name is not a component."""
        weights = [each.weights.get(name, 0.0) for each in self.repetitions]
        known = any(name in each.weights for each in self.repetitions)
        return float(np.mean(weights)) if known else None

    def coverage(self, asked: float) -> tuple[float, float]:
        """The fraction of labels inside the intervals, and its standard error; NaN if no draw had enough labels."""
        held = [each.coverage[asked] for each in self.repetitions if asked in each.coverage]
        # A single draw does not show how much draws differ; the number of labels that calibrate determines it.
        spread = np.sqrt(asked * (1 - asked) / self.labels) if len(held) == 1 else standard_error(np.array(held))
        return (float(np.mean(held)) if held else float("nan")), float(spread)

    @property
    def deviation(self) -> float:
        """Spearman's correlation between predicted standard deviations and absolute errors, averaged over draws."""
        return float(np.mean([each.deviation for each in self.repetitions]))

    def value(self, name: str, score: str) -> float:
        """The mean of one of `SCORES` over the draws, of the blend or a latency baseline."""
        return float(np.mean([each.values[name][score] for each in self.repetitions if name in each.values]))

    def informative(self, name: str) -> bool:
        """Whether the blend or a component ranks significantly better than chance."""
        n = self.judged
        by_chance = np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))
        return self.mean(name, "tau") > 2 * max(by_chance, np.nan_to_num(self.error(name, "tau")))

    def content(self) -> dict[str, Any]:
        """The results in JSON form: means over the draws and their standard errors, None where there is no value.

        The best predictor comes first, the expectation for a random order last.
        """
        rows = []
        for name in (*self.names, CHANCE):
            row: dict[str, Any] = {"predictor": name, "weight": self.weight(name)}
            for measure in MEASURES:
                error = None if name == CHANCE else _json(self.error(name, measure))
                row |= {measure: self.mean(name, measure), f"{measure}_error": error}
            rows.append(row)
        held = {str(asked): _json(self.coverage(asked)[0]) for asked in COVERAGES}
        values = {name: {each: self.value(name, each) for each in SCORES} for name in self.repetitions[0].values}
        about = {"labels": self.labels, "repetitions": len(self.repetitions), "judged": self.judged}
        return {**about, "predictors": rows, "coverage": held, "deviation": self.deviation, "values": values}


def maker(
    task: Task,
    folder: Path,
    recipe: str | None = None,
    benchmark: Benchmark | None = None,
    columns: Sequence[str] | None = None,
    on_note: Callable[[str], None] = lambda line: None,
    context: ContextChoice | None = None,
    device: str = "cpu",
) -> Callable[[int], StackedPredictor]:
    """Return a function that makes a predictor from a seed. All predictors share the encoders, which see no labels.

    Args:
        task: What the predictors learn.
        folder: Folder that keeps the encoders.
        recipe: A name in `RECIPES`; None for the default of `archflow fit`.
        benchmark: The benchmark whose settings to use; None for a user's own table.
        columns: Columns that are known before training; None to find them by name.
        on_note: Called with a line for the user, if there is one.
        context: The column of devices or tasks, if there is one.
        device: Where to compute.

    Raises:
        ArchflowError: If the recipe or a column is unknown.
    """
    parts, table = replace(recipe_of(recipe or DEFAULT, benchmark), device=device), task.table
    if columns is not None:
        Columns.named(table, columns, task.metrics)  # before the work: a name may be wrong
    columns = usable_columns(table, task.rows, task.metrics[0], columns, on_note)
    proxies = {name: table.metric(name) for name in proxy_columns(table) if name not in task.metrics}
    embedders = parts.embedders(table.architectures, np.zeros(0, np.int64), proxies, folder, on_note=on_note)
    (objective,) = task.objectives(preset_of(benchmark).margin)
    return lambda seed: parts.predictor(embedders, columns, objective, seed, context)


def evaluate(
    make: Callable[[int], StackedPredictor],
    draws: Draws,
    on_repetition: Callable[[], None] = lambda: None,
    journal: Journal | None = None,
) -> list[Evaluation]:
    """Fit predictors on labels drawn at random; judge each on measured architectures that it did not learn from.

    Args:
        make: Makes an unfitted predictor from a seed.
        draws: Rows to learn from and to judge on.
        on_repetition: Called after each fit.
        journal: Keeps each finished repetition (`archflow.recipes.unfinished`); those that it already holds are not
            repeated.

    Returns:
        One evaluation per budget.

    Raises:
        ArchflowError: If labels cannot be learnt.
    """
    task, table = draws.task, draws.task.table
    (metric,) = task.metrics
    found: list[list[Repetition]] = [[] for _ in draws.budgets]
    done = finished(journal) if journal else {}
    for number, (labelled, tested) in enumerate(draws.rows):
        for budget, own in zip(draws.budgets, found, strict=True):
            if (number, budget) in done:
                own.append(done[number, budget])
            else:
                predictor, known = make(draws.seed + number), labelled[:budget]
                predictor.fit(table.select(known), metrics=[metric], reference=table)
                own.append(judged(predictor, table, metric, known, tested))
                if journal:
                    journal.append(entry_of(number, budget, own[-1]))
            on_repetition()
    lower = task.lower_is_better[0]
    return [Evaluation(table, metric, lower, *each) for each in zip(draws.budgets, found, strict=True)]


def standard_error(values: Values) -> float:
    """The standard error of the mean of some values; NaN for fewer than two."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _json(value: float) -> float | None:
    return value if np.isfinite(value) else None
