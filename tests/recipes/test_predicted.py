"""The report of predictions for one's own table."""

from dataclasses import dataclass

import numpy as np

from archflow.graph.table import Table
from archflow.predict.objectives import Hinge
from archflow.recipes.predicted import prediction_report
from tests.report.pages import read_page


@dataclass
class Fixed:
    """A predictor whose embeddings are given."""

    objective: Hinge
    metrics = ("latency",)

    @property
    def objectives(self):
        return [self.objective]

    def embed(self, architectures):
        return np.arange(2.0 * len(architectures), dtype=np.float32).reshape(-1, 2) % 7


def test_lower_values_are_shown_with_a_minus_and_the_best_first(architectures, tmp_path):
    values = np.arange(60.0)
    measured = np.where(values < 20, values, np.nan)
    ranked = Table(architectures, {"latency": measured, "predicted_latency": values})
    prediction_report(tmp_path / "p.html", Fixed(Hinge(lower_is_better=True)), ranked, "mine.csv")  # type: ignore[arg-type]
    page = read_page((tmp_path / "p.html").read_text())
    assert page.texts("h1") == ["latency of mine.csv, predicted"]
    assert {row["predicted"] for row in page.rows("embeddings")} == set((-values).tolist())
    assert "1.000" in page.texts("td")


def test_too_few_measurements_judge_nothing(architectures, tmp_path):
    measured = np.where(np.arange(60) < 9, np.arange(60.0), np.nan)
    ranked = Table(architectures, {"latency": measured, "predicted_latency": np.arange(60.0)})
    prediction_report(tmp_path / "p.html", Fixed(Hinge()), ranked, "mine.csv")  # type: ignore[arg-type]
    assert "comparison" not in read_page((tmp_path / "p.html").read_text()).figures
