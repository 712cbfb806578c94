"""Rules that weight components, and the study that compares them."""

import numpy as np
import pytest

from archflow_reproduce.results.choices_report import choices_report
from archflow_reproduce.results.page import results_page
from archflow_reproduce.travel import choices as study
from archflow_reproduce.travel.choices import Choices, run_choices
from archflow_reproduce.travel.weighing import RULES
from tests.reproduce.results.records import write


@pytest.mark.parametrize("name", RULES)
def test_a_rule_prefers_what_knows_the_labels(name):
    rng = np.random.default_rng(0)
    targets = rng.normal(size=60)
    unseen = np.stack([targets + 0.3 * rng.normal(size=60), rng.normal(size=60)])
    weights = RULES[name](unseen, targets, np.ones(2))
    assert (weights >= 0).all()
    if name == "equal":
        assert np.ptp(weights * unseen.std(1)) < 1e-9
    else:
        assert weights[0] > 3 * weights[1]


def test_odds_decide_between_components_of_equal_worth():
    rng = np.random.default_rng(0)
    targets = rng.normal(size=30)
    unseen = targets + rng.normal(size=(2, 30))
    weights = {name: RULES[name](unseen, targets, np.array([1.0, 4.0])) for name in ("odds ^ 0", "odds ^ 0.5", "today")}
    shares = [each[1] / each.sum() for each in weights.values()]
    assert shares == sorted(shares)
    assert shares[2] - shares[0] > 0.1


def test_finished_draws_are_kept_and_shown(tmp_path, monkeypatch):
    chosen = Choices(tables=("digits201",), budgets=("30",), draws=1)
    result = run_choices(chosen, tmp_path / "runs")
    cell = result["tables"]["digits201"]["cells"]["30"]
    assert set(cell["rules"]) == {*RULES, "straight scores"}
    assert cell["measures"]["tau"][0] == pytest.approx(cell["rules"]["today"][0], abs=0.01)

    def fail(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(study, "alternatives", fail)
    assert run_choices(chosen, tmp_path / "runs") == result
    text = choices_report(result)
    assert "| best component of each table, chosen by test labels |" in text
    assert "| digits201 |" in text
    assert "| rule" not in choices_report({**result, "rows": "reported"})
    write(tmp_path / "results" / "choices.json", "choices", result)
    assert "## Blending rules and coverage of intervals" in results_page(tmp_path / "results", tmp_path / "page.md")
