"""Whether one column ranks as well."""

import numpy as np
import pytest

from archflow.predict.stack import Share, Stacking
from archflow.recipes.alone import alone
from archflow.recipes.fitting import Task
from tests.recipes.evaluations import TABLE

SCORE = TABLE.metric("score")
NEAR = SCORE + np.random.default_rng(0).normal(0, 0.1, len(SCORE))
COLUMNS_OF = {"params": -NEAR, "flops": np.arange(60.0), "gaps": np.append(np.nan, SCORE[1:])}
TASK = Task.of(TABLE.with_metrics(COLUMNS_OF), ["score"])
COLUMNS = ("params", "flops", "log:flops", "gaps")


def fitted(line: float, tau: float = 0.85, labels: int = 60, columns=COLUMNS) -> Stacking:
    return Stacking([Share("ridge", 1.0, 0.5), Share("line", 0.0, line)], tau, labels, {}, columns)


def test_a_column_that_ranks_as_well_is_named():
    said = alone(TASK, fitted(line=0.84))
    assert said.startswith("column 'params' alone ranks the labels as well as the predictor (Kendall tau 0.")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "stacking",
    [
        fitted(line=0.7),  # columns alone do not predict labels that are not seen
        fitted(line=0.99, tau=0.99),  # the predictor is better than any column
        fitted(line=0.84, labels=12),
        fitted(line=0.84, columns=("flops", "gaps")),
        fitted(line=0.1, tau=0.05),  # nothing is
        Stacking([Share("ridge", 1.0, 0.85)], 0.85, 60, {}, COLUMNS),
    ],
)
def test_otherwise_nothing_is_said(stacking):
    assert alone(TASK, stacking) == ""
