"""A predictor of architectures as an estimator of scikit-learn."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from archflow.encoders.embedder import Architectures, as_table
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import Objective
from archflow.predict.metrics import kendall_tau
from archflow.recipes.choice import Choice
from archflow.recipes.fitting import FitPredictor, Task, fit_task

Values = NDArray[np.float64]

METRIC = "y"
"""What the metric is called unless the labels have a name, as a column of a data frame has."""

_LOGGER = logging.getLogger("archflow")


class ArchitectureRegressor(RegressorMixin, BaseEstimator):
    """Learns a metric from a few measured architectures, as `archflow fit` does, and predicts it for others.

    It is an estimator of scikit-learn, for `cross_val_score`, `GridSearchCV` and `Pipeline`. X is whatever archflow
    takes as N architectures: one `Architecture`, a list, an `ArchitectureSet`, a `Table`, or a data frame of pandas,
    polars or pyarrow with the columns of a table. Columns of a table or a frame are features if they are known before
    training.

    Args:
        recipe: `plain`, without networks: seconds; `quick`, with small encoders that are pre-trained on X; `best`, with
            larger ones; or `networks`, networks alone.
        features: Columns of X that are known before training; None to find them by name, such as `params`, `flops` and
            `zc_*`; an empty list for none.
        sources: Columns that say something about the metric, such as its value after fewer epochs. They may have gaps.
        objective: What to train for, by name or as an object. `hinge` and the other rankings predict an order,
            `squared` and the other regressions predict values.
        lower_is_better: Whether low values are good. Predictions keep the sign of the labels.
        encoder: A pre-trained encoder's name or file, or a kind of encoder to pre-train, instead of the recipe's.
        epochs: Fine-tuning epochs of networks; None for the recipe's.
        context: The column of X that names what each row was measured on, such as a device.
        reference: Further architectures, with or without labels, on which encoders are pre-trained and to which
            features are scaled: usually all candidates. Their labels are not read.
        random_state: A seed, a `RandomState`, or None for another seed in every fit.

    Attributes:
        predictor_: The fitted `StackedPredictor` (or `NetworkPredictor`), with `interval`, `rank`, `explain`, `save`.
    """

    def __init__(
        self,
        recipe: str = "quick",
        *,
        features: Sequence[str] | None = None,
        sources: Sequence[str] = (),
        objective: str | Objective = "hinge",
        lower_is_better: bool = False,
        encoder: str | Path | None = None,
        epochs: int | None = None,
        context: str | None = None,
        reference: Architectures | None = None,
        random_state: int | np.random.RandomState | None = 21,
    ) -> None:
        self.recipe = recipe
        self.features = features
        self.sources = sources
        self.objective = objective
        self.lower_is_better = lower_is_better
        self.encoder = encoder
        self.epochs = epochs
        self.context = context
        self.reference = reference
        self.random_state = random_state

    def fit(self, X: Architectures, y: ArrayLike) -> ArchitectureRegressor:
        """Learn from labels.

        Args:
            X: N architectures.
            y: (N,) labels. Rows whose label is NaN take part in pre-training only.

        Raises:
            ArchflowError: If the labels cannot be learnt, there are fewer than five, or a parameter does not fit.
        """
        given = as_table(X)
        metric, values = _labels(y, len(given), X)
        table = given.with_metrics({metric: values})
        if self.reference is not None:
            others = as_table(self.reference)
            table = table.followed_by(others.with_metrics({metric: np.full(len(others), np.nan)}))
        try:
            self.predictor_: FitPredictor = self._fitted(table, metric)
        except ArchflowError as error:
            raise ArchflowError(_as_parameters(str(error))) from error
        return self

    def _fitted(self, table: Table, metric: str) -> FitPredictor:
        lower = self.lower_is_better or getattr(self.objective, "lower_is_better", False)
        task = Task.of(table, [f"-{metric}" if lower else metric], [self.objective])
        chosen = self._choice().checked(1, self.context).with_context(table, self.context)
        with TemporaryDirectory(prefix="archflow-") as folder:
            predictor = chosen.predictor(task, None, Path(folder), _note)
            fit_task(predictor, task)
        return predictor

    def predict(self, X: Architectures, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Predict the metric of N architectures.

        Args:
            X: The architectures, with the columns that were learnt from.
            return_std: Whether to return the standard deviation of each label around its prediction too.

        Returns:
            (N,) predictions; with `return_std` also the (N,) deviations.
        """
        check_is_fitted(self)
        found = self.predictor_.predict(as_table(X))
        return (found.mean, found.std) if return_std else found.mean

    def score(self, X: Architectures, y: ArrayLike, sample_weight: None = None) -> float:
        """Kendall's tau between predictions and labels: 1 for the same order, 0 for chance.

        The default objective predicts an order, so this is not the R² of other regressors; with an objective that
        predicts values, give `scoring="r2"` to scikit-learn. Rows whose label is NaN are left out.

        Raises:
            ArchflowError: If weights are given, which Kendall's tau does not take.
        """
        if sample_weight is not None:
            raise ArchflowError("score: Kendall's tau takes no sample_weight; leave it out")
        check_is_fitted(self)
        table = as_table(X)
        _, values = _labels(y, len(table), X)
        rows = np.flatnonzero(np.isfinite(values))
        return kendall_tau(self.predictor_.predict(table.select(rows)).mean, values[rows])

    def _choice(self) -> Choice:
        """The options of `archflow fit` that the parameters are."""
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31)
        encoder = None if self.encoder is None else str(self.encoder)
        return Choice(
            self.recipe,
            encoder=encoder,
            columns=self.features,
            sources=self.sources,
            epochs=self.epochs,
            seed=int(seed),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False  # X holds graphs
        tags.no_validation = True
        return tags


def _labels(y: ArrayLike, rows: int, X: Architectures) -> tuple[str, Values]:
    """The name of the metric and its (N,) values.

    Raises:
        ArchflowError: They are not N numbers, or their index is that of the frame X in another order.
    """
    name = getattr(y, "name", None)
    try:
        values = np.asarray(y, np.float64)
    except (TypeError, ValueError):
        raise ArchflowError("y: not all of it are numbers; give NaN where it is not measured") from None
    if values.shape != (rows,):
        raise ArchflowError(f"y: its shape is {values.shape}; give one label for each of {rows} architectures")
    of_x, of_y = (list(getattr(getattr(each, "index", None), "array", ())) for each in (X, y))  # empty if not of pandas
    if of_x != of_y and set(of_x) == set(of_y):
        raise ArchflowError(
            "y: its index is that of X in another order; give y.loc[X.index], or y.to_numpy() if rows match by place"
        )
    return name if isinstance(name, str) and name else METRIC, values


def _note(line: str) -> None:
    if line:
        _LOGGER.warning(_as_parameters(line))


def _as_parameters(line: str) -> str:
    """A line about options of `archflow fit`, with the names of the estimator's parameters."""
    line = re.sub(r"--metric -\S+ or --lower-is-better", "lower_is_better=True", line)
    line = re.sub(r"--(recipe|encoder|context) ([\w./]+)", r"\1='\2'", line)
    return re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda found: found[1].replace("-", "_"), line)
