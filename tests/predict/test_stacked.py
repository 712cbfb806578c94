import numpy as np
import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import load_predictor
from archflow.predict.components import Lesson
from archflow.predict.components.forest import Forest
from archflow.predict.components.networks import Networks
from archflow.predict.metrics import kendall_tau
from archflow.predict.stacked import StackedPredictor
from archflow.spaces import NASBench101, NASBench201
from archflow.testing import check_predictor
from tests.tables import scored_cells

PLAIN = ("process", "forest", "ridge")


@pytest.fixture(scope="module")
def table() -> Table:
    """Cells whose score has a cost column beside, and a column that nobody may use."""
    cells = scored_cells(150)
    score = cells.metric("score")
    rng = np.random.default_rng(3)
    return cells.with_metrics({"params_M": score + rng.normal(0, 1, 150), "test_loss": -score})


@pytest.fixture(scope="module")
def fitted(table) -> StackedPredictor:
    predictor = StackedPredictor(components=PLAIN)
    predictor.fit(table.select(np.arange(40)), metrics=["score"], reference=table)
    return predictor


def test_it_holds_the_contract(table):
    check_predictor(
        lambda: StackedPredictor(components=("ridge", Forest(trees=10))), table.architectures, table.metric("score")
    )


def test_with_encoders_it_holds_the_contract(table):
    def make():
        embedder = create("gin", table.architectures, width=8, seed=0)
        return StackedPredictor([embedder], components=[Networks(epochs=2, steps=1), "process"])

    check_predictor(make, table.architectures.select(np.arange(24)), table.metric("score")[:24])


def test_it_says_what_counted(fitted, table):
    stacking = fitted.stacking
    assert {share.name for share in stacking.shares} == set(PLAIN)
    assert sum(share.weight for share in stacking.shares) == pytest.approx(1)
    assert stacking.labels == 40
    assert stacking.informative
    assert stacking.tau > 0.5
    assert stacking.features["columns"] == 1, "the costs, and not the loss or the score"
    rest = table.select(np.arange(40, 150))
    assert kendall_tau(fitted.predict(rest).mean, rest.metric("score")) > 0.7


def test_labels_without_a_meaning_are_called_that(table):
    noise = np.random.default_rng(1).normal(size=60)
    stacking = StackedPredictor(components=("ridge", "line")).fit(table.select(np.arange(60)), noise)
    assert not stacking.informative


def test_the_labels_left_out_of_a_fold_decide_nothing_of_it(table, monkeypatch):
    """Planted labels: every component's models of a fold are the same whatever its labels are."""
    seen = []
    original = StackedPredictor(components=("ridge",)).components[0]

    class Spy(type(original)):
        def fit(self, lesson: Lesson):
            seen.append(lesson)
            return super().fit(lesson)

    known = table.select(np.arange(30))
    StackedPredictor(components=[Spy()], seed=4).fit(known, metrics=["score"])
    (lesson,) = seen
    fold = 2
    garbage = np.where(lesson.folds.held[fold], 1e3, lesson.targets)
    before = original.fit(lesson)(lesson.known).mean[fold]
    after = original.fit(Lesson(lesson.known, garbage, lesson.folds, lesson.usual, lesson.seed))(lesson.known)
    np.testing.assert_array_equal(before, after.mean[fold])


def test_lower_is_better_turns_the_order_and_not_the_values(table):
    from archflow.predict.objectives import Hinge

    known = table.select(np.arange(40))
    higher, lower = (
        StackedPredictor(components=("ridge",), objective=Hinge(lower_is_better=turned)) for turned in (False, True)
    )
    for predictor in (higher, lower):
        predictor.fit(known, metrics=["score"])
    np.testing.assert_allclose(higher.predict(table).mean, lower.predict(table).mean, atol=1e-6)
    ranks = [predictor.rank(table).metrics["rank_score"] for predictor in (higher, lower)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] < -0.9


@pytest.mark.parametrize("objective", ["log", "relative", "squared"])
def test_values_are_predicted_as_values(table, objective):
    latency = np.exp(table.metric("score") / 3)
    known = np.arange(60)
    predictor = StackedPredictor(components=("ridge", "process"), objective=objective)
    predictor.fit(table.select(known), latency[known])
    mean = predictor.predict(table).mean
    assert np.median(np.abs(mean / latency - 1)) < 0.25
    assert (mean > 0).all()


def test_validation_labels_are_learnt_from_like_the_others(table):
    first, second = table.select(np.arange(30)), table.select(np.arange(30, 60))
    apart, together = (StackedPredictor(components=("ridge",)) for _ in range(2))
    apart.fit(first, metrics=["score"], validation=second, reference=table)
    together.fit(table.select(np.arange(60)), metrics=["score"], reference=table)
    np.testing.assert_allclose(apart.predict(table).mean, together.predict(table).mean, rtol=1e-6)


def test_many_architectures_are_predicted_in_parts(fitted, table, monkeypatch):
    whole = fitted.predict(table)
    monkeypatch.setattr("archflow.predict.stacked.ROWS", 32)
    done = []
    parts = fitted.predict(table, done.append)
    assert done == [32, 32, 32, 32, 22]
    np.testing.assert_allclose(parts, whole, rtol=1e-6)


def test_the_probability_of_being_among_the_best(fitted, table):
    ranked = fitted.rank(table, top=10)
    probability = ranked.metrics["probability_top_10_score"]
    assert probability.sum() == pytest.approx(10)
    rank = ranked.metrics["rank_score"]
    assert probability[rank <= 10].mean() > 5 * probability[rank > 50].mean()
    np.testing.assert_array_equal(fitted.top_probability(table, 10), probability)
    with pytest.raises(ArchflowError, match="top_probability: k"):
        fitted.top_probability(table, 0)


def test_a_saved_predictor_keeps_what_counted(fitted, table, tmp_path):
    fitted.save(tmp_path)
    loaded = load_predictor(tmp_path)
    assert isinstance(loaded, StackedPredictor)
    assert loaded.stacking == fitted.stacking
    np.testing.assert_array_equal(loaded.predict(table), fitted.predict(table))
    for ends, same in zip(loaded.interval(table, 0.8), fitted.interval(table, 0.8), strict=True):
        np.testing.assert_array_equal(ends, same)


def test_a_loaded_predictor_is_fitted_again_like_a_fresh_one(table, tmp_path):
    """First with labels of which costs say nothing, so that not every component has a weight; then with others."""
    parts, kinds = ["ridge", "line", "networks"], ["counts", "columns", "cells"]
    fresh, saved = (StackedPredictor(components=parts, features=kinds, columns=["cost"], seed=5) for _ in range(2))
    known = table.select(np.arange(40)).with_metrics({"cost": np.random.default_rng(4).random(40)})
    saved.fit(known, metrics=["score"])
    assert [share.name for share in saved.stacking.shares if share.weight == 0] == ["line"]
    saved.save(tmp_path)
    loaded = StackedPredictor.load(tmp_path)
    for predictor in (loaded, fresh):
        predictor.fit(known, 9 * known.metric("cost") + known.metric("score"), metrics=["both"])
    assert loaded.stacking == fresh.stacking
    assert {share.name for share in loaded.stacking.shares if share.weight} == {"ridge", "line"}
    assert loaded.stacking.columns == ["cost"]
    np.testing.assert_array_equal(loaded.predict(known), fresh.predict(known))
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again" / "predictor.json").read_bytes()
    fresh.save(tmp_path / "fresh")
    names = [{path.name for path in (tmp_path / folder).iterdir()} for folder in ("again", "fresh")]
    assert names[0] == names[1], "the name of the weights is a digest of all that is saved"


def test_a_ranking_with_intervals_and_probabilities_predicts_once(fitted, table, monkeypatch):
    seen = []
    original = StackedPredictor._seen
    monkeypatch.setattr(StackedPredictor, "_seen", lambda self, shown: seen.append(len(shown)) or original(self, shown))
    ranked = fitted.rank(table, coverage=0.8, top=5)
    assert seen == [150]
    ends = (ranked.metrics["low_score"], ranked.metrics["high_score"])
    np.testing.assert_array_equal(ends, fitted.interval(table, 0.8))
    seen.clear()
    with pytest.raises(ArchflowError, match="the most that these promise"):
        fitted.rank(table, coverage=0.99)
    assert not seen, "refused before the work"


def test_columns_that_are_odd_in_another_table_are_named(fitted, table):
    params = table.metric("params_M")
    gaps = np.where(np.arange(150) < 30, np.nan, params)
    for values, what in ((1e6 * params, "another unit"), (gaps, "no value for 30 of 150"), (params * np.nan, "empty")):
        (line,) = fitted.oddities(table.with_metrics({"params_M": values}))
        assert line.startswith("column 'params_M' ")
        assert what in line
    assert fitted.oddities(table) == []


def test_a_column_that_is_the_label_is_refused_or_left_out(table):
    known = table.select(np.arange(30)).with_metrics({"flops": 1e3 * table.metric("score")[:30]})
    with pytest.raises(ArchflowError, match="features: column 'flops' is the metric to predict"):
        StackedPredictor(components=("ridge",), columns=["params_M", "flops"]).fit(known, metrics=["score"])
    stacking = StackedPredictor(components=("ridge",)).fit(known, metrics=["score"])
    assert stacking.columns == ["params_M"]


def test_features_named_in_any_order_are_saved(table, tmp_path):
    predictor = StackedPredictor(components=["ridge"], features=["graf", "counts", "columns"])
    predictor.fit(table.select(np.arange(40)), metrics=["score"], reference=table)
    predictor.save(tmp_path)
    np.testing.assert_array_equal(StackedPredictor.load(tmp_path).predict(table), predictor.predict(table))


def test_a_table_without_the_columns_that_were_learnt_from_is_refused(fitted, table):
    with pytest.raises(ArchflowError, match="params_M"):
        fitted.predict(table.architectures)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(4, "4 labels are too few"), (1, "at least two"), (0, "0 measured")],
)
def test_too_few_labels_are_refused(table, labels, message):
    with pytest.raises(ArchflowError, match=message):
        StackedPredictor(components=("ridge",)).fit(table.select(np.arange(labels)), metrics=["score"])


def test_five_labels_are_enough(table):
    stacking = StackedPredictor(components=PLAIN).fit(table.select(np.arange(5)), metrics=["score"])
    assert stacking.labels == 5


def test_one_architecture_repeated_teaches_nothing_and_says_so(table):
    repeated = table.select(np.zeros(20, int))
    with pytest.raises(ArchflowError, match="none of its components applies"):
        StackedPredictor(components=("ridge", "forest")).fit(repeated, np.arange(20.0))


def test_ties_and_outliers_of_ten_orders_of_magnitude_are_learnt(table):
    score = np.round(table.metric("score"))
    score[3] = 1e10
    predictor = StackedPredictor(components=PLAIN)
    predictor.fit(table.select(np.arange(60)), score[:60])
    mean = predictor.predict(table).mean
    assert np.isfinite(mean).all()
    assert kendall_tau(mean[60:], score[60:]) > 0.6


def test_flags_and_accuracies_have_intervals_within_their_range(table):
    score = table.metric("score")
    flags = (score > np.median(score)).astype(float)
    accuracy = 100 - np.exp(-score)
    for labels, metric, most in ((flags, "success", 1), (accuracy, "accuracy", 100)):
        predictor = StackedPredictor(components="ridge", features="counts")
        predictor.fit(table.select(np.arange(50)), labels[:50], metrics=[metric], reference=table)
        low, high = predictor.interval(table, 0.95)
        assert low.min() >= 0
        assert high.max() <= most
        assert predictor.predict(table).mean.max() <= most
        assert np.mean((low <= labels) & (labels <= high)) > 0.85
        assert sorted(predictor.rank(table).metrics[f"rank_{metric}"]) == list(range(1, 151))


@pytest.mark.parametrize("outlier", [1e10, -1e10])
def test_intervals_with_an_outlier_hold_and_are_as_wide_as_without(table, outlier):
    """At the other end of the labels, and in the middle: the outlier is among those learnt from."""
    score, sign = table.metric("score") - 3, np.sign(outlier)
    held, widths, means = [], [], []
    for first in (score[0], outlier):
        labels = np.append(first, score[1:])
        predictor = StackedPredictor(components="ridge", features="counts")
        predictor.fit(table.select(np.arange(50)), labels[:50], reference=table)
        low, high = predictor.interval(table, 0.8)
        held.append(np.mean((low[50:] <= score[50:]) & (score[50:] <= high[50:])))
        far = np.argsort(sign * predictor.predict(table).mean)[:50]
        widths.append(np.median((high - low)[far]))
        means.append(predictor.predict(table).mean[far])
    assert held[1] > held[0] - 0.05
    assert widths[1] < 1.5 * widths[0]
    assert np.abs(means[1]).max() < 2 * np.abs(means[0]).max()


def test_what_makes_no_predictor_is_refused(table):
    with pytest.raises(ArchflowError, match="no component"):
        StackedPredictor(components=())
    with pytest.raises(ArchflowError, match="no component is called 'forrest'; did you mean 'forest'"):
        StackedPredictor(components=("forrest",))
    with pytest.raises(ArchflowError, match="one predictor for each"):
        StackedPredictor(components=("ridge",)).fit(table, metrics=["score", "params_M"])
    with pytest.raises(ArchflowError, match="different operations"):
        StackedPredictor([create("gin", NASBench201().vocabulary), create("gin", NASBench101().vocabulary)])


def test_one_name_counts_as_a_list_of_one(table):
    predictor = StackedPredictor(components="ridge", features="counts", columns="params_M")
    stacking = predictor.fit(table.select(np.arange(30)), metrics="score")
    assert [share.name for share in stacking.shares] == ["ridge"]
    assert predictor.kinds == ["counts"]


def test_without_encoders_it_knows_the_operations_of_its_features(fitted, table):
    assert fitted.vocabulary == table.architectures.vocabulary
    assert StackedPredictor(components="ridge").vocabulary is None
