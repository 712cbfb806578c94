"""Draws, what predictors are judged by, and an evaluation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.metrics import kendall_tau
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.draws import Draws, check_enough
from archflow.recipes.evaluation import evaluate, maker
from archflow.recipes.fitting import Task
from archflow.recipes.judging import BLEND, CHANCE, ENCODED, PLAIN, measures_of, measures_of_chance
from tests.recipes.evaluations import TABLE, evaluation
from tests.tables import scored_cells

QUICK = ("line", "ridge")


def task(table: Table = TABLE, metric: str = "score") -> Task:
    return Task.of(table, [metric])


def test_the_same_architecture_is_never_learnt_from_and_judged_by():
    twice = Table(TABLE.architectures.select(np.arange(120) % 60), {"score": np.arange(120.0)})
    for known, tested in Draws.of(task(twice), [30]).rows:
        assert len(known) == 30
        assert not set(known % 60) & set(tested % 60)
        hashes = twice.architectures.hashes
        assert not np.isin(hashes[tested], hashes[known]).any()


def test_columns_tell_graphs_apart_unless_they_are_proxies():
    one = TABLE.architectures.select(np.zeros(80, int))
    columns = {"score": np.arange(80.0), "width": np.arange(80.0) + 1, "zc_noise": np.arange(80.0)}
    assert all(len(tested) == 50 for _, tested in Draws.of(task(Table(one, columns)), [30]).rows)
    del columns["width"]
    with pytest.raises(ArchflowError, match="only 0 of the other measured architectures differ"):
        Draws.of(task(Table(one, columns)), [30])


def test_budgets_are_nested_and_judged_on_the_same_rows():
    draws = Draws.of(task(), [30, 0.25, 15], repetitions=3)
    assert draws.budgets == [15, 30]
    again = Draws.of(task(), [30], repetitions=3)
    for (known, tested), (same, judged) in zip(draws.rows, again.rows, strict=True):
        assert np.array_equal(known, same)
        assert np.array_equal(tested, judged)
    assert not np.array_equal(draws.rows[0][0], draws.rows[1][0])


def test_labels_by_default_leave_enough():
    assert Draws.of(task()).budgets == [40]
    assert Draws.of(task(scored_cells(200))).budgets == [50]


@pytest.mark.parametrize(
    ("measured", "labels", "message"),
    [
        (60, 4, "4 are too few to learn from; give at least 5"),
        (60, 41, "leaves 19 to judge on, and 20 are needed: give at most --labels 40"),
        (60, 900, "leaves 0 to judge on"),
        (10, 5, "measure at least 25"),
        (1000, 801, "give at most --labels 800"),
    ],
)
def test_too_few_are_refused(measured, labels, message):
    with pytest.raises(ArchflowError, match=message):
        check_enough(measured, labels, "score")


def test_a_draw_of_equal_labels_is_refused_before_any_work():
    table = TABLE.with_metrics({"rare": np.where(np.arange(len(TABLE)) == 3, 1.0, 0.0)})
    with pytest.raises(ArchflowError, match=r"rare: the 20 labels of draw \d are all 0; .*give more --labels"):
        Draws.of(task(table, "rare"), [20], repetitions=5)


def test_equal_labels_are_refused():
    with pytest.raises(ArchflowError, match="score: all 60 values are 3; there is no order to learn"):
        Draws.of(task(TABLE.with_metrics({"score": np.full(60, 3.0)})))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 6), min_size=20, max_size=40), st.integers(0, 99))
def test_pairs_are_counted(truth, seed):
    truth, predicted = np.array(truth, float), np.random.default_rng(seed).integers(0, 5, len(truth)).astype(float)
    found = measures_of(predicted, truth)
    above = np.triu(truth[:, None] != truth[None, :], 1)
    right = np.sign(truth[:, None] - truth) * np.sign(predicted[:, None] - predicted)
    assert found["pairs"] == pytest.approx((1 + right[above].mean()) / 2 if above.any() else 0.5)
    assert 0 <= found["top_ten"] <= 1
    best_of_ten = truth[np.argsort(-predicted, kind="stable")[:10]].max()
    assert found["beaten"] == (truth > best_of_ten).mean()
    assert found["tau"] == kendall_tau(predicted, truth)


@pytest.mark.parametrize("truth", [np.arange(25.0) ** 2, np.repeat([3.0, 1.0, 0.0], 8), np.ones(20)])
def test_chance_is_what_random_orders_give(truth):
    expected, rng = measures_of_chance(truth), np.random.default_rng(0)
    best = np.array([rng.permutation(truth)[:10].max() for _ in range(4000)])
    for name, values in (
        ("regret_at_10", truth.max() - best),
        ("beaten", (truth > best[:, None]).mean(1)),
    ):
        assert expected[name] == pytest.approx(values.mean(), abs=4 * values.std() / np.sqrt(len(best)) + 1e-9)


def test_an_evaluation_of_quick_components():
    steps = []
    draws = Draws.of(task(), [20, 30], repetitions=2)
    found = evaluate(lambda seed: StackedPredictor(components=QUICK, seed=seed), draws, lambda: steps.append(1))
    assert len(steps) == 4
    assert [each.labels for each in found] == [20, 30]
    for each in found:
        assert set(each.names) == {BLEND, *QUICK}
        taus = [each.mean(name, "tau") for name in each.names]
        assert taus == sorted(taus, reverse=True)
        assert each.informative("ridge")
        assert each.mean(CHANCE, "tau") == 0
        assert sum(each.weight(name) or 0 for name in QUICK) == pytest.approx(1)
        assert each.judged == 30
        assert 0.4 <= each.coverage(0.8)[0] <= 1
        last = each.repetitions[-1]
        assert (last.low <= last.predicted).all()
        assert (last.predicted <= last.high).all()
    again = evaluate(lambda seed: StackedPredictor(components=QUICK, seed=seed), draws)
    assert again[1].content() == found[1].content()


def test_low_values_that_are_good_are_ranked_so():
    lower = TABLE.with_metrics({"latency": -TABLE.metric("score")})
    both = []
    for table, metric in ((lower, "-latency"), (TABLE, "score")):
        own = task(table, metric)
        (found,) = evaluate(
            lambda seed, own=own: StackedPredictor(components=QUICK, objective=own.objectives(0.5)[0], seed=seed),
            Draws.of(own, [30], repetitions=1),
        )
        both.append(found)
    turned, plain = both
    assert turned.lower_is_better
    assert turned.mean(BLEND, "tau") == pytest.approx(plain.mean(BLEND, "tau"), abs=0.02)
    assert turned.mean(BLEND, "regret_at_10") == pytest.approx(plain.mean(BLEND, "regret_at_10"), abs=0.05)


def test_with_encoders_the_blend_without_them_is_judged_too():
    embedder = create("gin", TABLE, width=8)
    draws = Draws.of(task(), [30], repetitions=1)
    (found,) = evaluate(
        lambda seed: StackedPredictor(embedder, components=["line", "ridge", "process"], seed=seed), draws
    )
    assert PLAIN in found.names
    (alone,) = evaluate(lambda seed: StackedPredictor(embedder, components=["line", "ridge"], seed=seed), draws)
    assert PLAIN not in alone.names
    assert found.mean(PLAIN, "tau") == pytest.approx(alone.mean(BLEND, "tau"), abs=1e-6)


def test_a_single_draw_has_no_error():
    found = evaluation({BLEND: [0.5], "boosted": [0.4]})
    assert np.isnan(found.error(BLEND, "tau"))
    assert found.content()["predictors"][0]["tau_error"] is None
    assert found.gap("boosted")[0] == pytest.approx(0.1)
    assert found.coverage(0.8)[1] == pytest.approx(np.sqrt(0.8 * 0.2 / 50))


def test_a_recipe_makes_the_predictors(tmp_path):
    predictor = maker(task(), tmp_path, "plain")(4)
    names = {each.name for each in predictor.components}
    assert "boosted" in names
    assert names.isdisjoint(ENCODED - {"process"})
    assert predictor.seed == 4
    assert not list(tmp_path.iterdir())
    with pytest.raises(ArchflowError, match="no recipe is called 'bst'"):
        maker(task(), tmp_path, "bst")
    with pytest.raises(ArchflowError, match="did you mean 'params'"):
        maker(task(), tmp_path, "plain", columns=["parms"])
