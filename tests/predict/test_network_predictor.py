import copy
import json
import pickle
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from archflow.encoders import ENCODERS, GIN, Embedder, GatedGCN, create
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.predict import BlendedPredictor, NetworkPredictor, load_predictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.network_predictor import _residuals
from archflow.predict.objectives import Hinge
from archflow.recipes.presets import GRAPH_NETWORKS
from archflow.seeding import seeded
from archflow.testing import check_predictor, random_architectures
from tests.cell_pairs import paired
from tests.predict.learnable import PlainEncoder, target

QUICK = FineTuneSettings(epochs=4)


def predictor(architectures, members: int = 1, encoder=GIN, settings=QUICK, **options) -> NetworkPredictor:
    with seeded(0):
        embedder = Embedder(encoder(len(architectures.vocabulary), width=8), Preparation(architectures.vocabulary))
    return NetworkPredictor(embedder, members=members, settings=settings, **options)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("encoder", [GIN, GatedGCN])
def test_a_predictor_keeps_its_contract(architectures, members, encoder):
    check_predictor(lambda: predictor(architectures, members, encoder), architectures, target(architectures))


@pytest.mark.parametrize("name", ENCODERS.names())
def test_few_labels_are_enough_for_a_learnable_target(name):
    architectures = random_architectures(300, seed=5)
    if ENCODERS.get(name).reads_pairs:
        architectures = paired(architectures)
    y = target(architectures)
    embedder = create(name, architectures, view="whole", seed=1, width=32)
    learner = NetworkPredictor(embedder, settings=FineTuneSettings(epochs=40, learning_rate=3e-3))
    few, rest = np.arange(80), np.arange(80, 300)
    tuned = learner.fit(architectures.select(few), y[few])
    # Settings are those of the graph networks; who has others of its own must only show that it learns.
    left, tau = (0.5, 0.6) if name in GRAPH_NETWORKS else (0.8, 0.25)
    assert tuned.losses[-1] < left * tuned.losses[0]
    mean, std = learner.predict(architectures.select(rest))
    assert kendalltau(mean, y[rest]).statistic > tau
    assert np.isnan(std).all()
    # Predictions are on the labels' scale.
    fitted = learner.predict(architectures.select(few))[0]
    shares = np.linspace(0, 1, 11)
    np.testing.assert_allclose(np.quantile(fitted, shares), np.quantile(y[few], shares), atol=0.15 * np.ptp(y))


def test_members_are_averaged_and_their_spread_is_told(architectures):
    y = target(architectures)
    three = predictor(architectures, 3)
    three.fit(architectures, y)
    mean, std = three.predict(architectures)
    alone = []
    for k in range(3):
        one, fitted = copy.copy(three), three._fitted
        one.members, one._state = 1, replace(fitted, models=fitted.models[k : k + 1], maps=fitted.maps[k : k + 1])
        alone.append(one.predict(architectures)[0])
    np.testing.assert_allclose(mean, np.mean(alone, 0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(std, np.std(alone, 0, ddof=1), rtol=1e-3, atol=1e-3)
    assert (std > 0).any()


def test_predictions_keep_the_order_of_scores_and_the_range_of_labels():
    """A third of the training set is one architecture, the worst: its tied scores must not stretch the scale."""
    some = random_architectures(90, seed=2)
    rows = np.concatenate([np.zeros(30, int), np.arange(30, 60)])
    y = target(some)[rows] + np.linspace(0, 0.01, 60)
    y[:30] -= 5
    fitted = predictor(some, settings=FineTuneSettings(epochs=20, learning_rate=3e-3))
    fitted.fit(some.select(rows), y)
    mean = fitted.predict(some)[0]
    scores = fitted.scores(some)[0, :, 0]
    order = np.argsort(scores, kind="stable")
    apart = np.diff(scores[order]) > 0
    assert (np.diff(mean[order])[apart] > 0).all()
    assert y.min() - 2 * np.ptp(y) < mean.min() <= mean.max() < y.max() + 2 * np.ptp(y)


def test_an_encoder_that_does_not_stack_predicts_with_members_too(architectures):
    two = predictor(architectures, 2, PlainEncoder)
    two.fit(architectures, target(architectures))
    mean, std = two.predict(architectures)
    assert np.isfinite(mean).all()
    assert (std > 0).any()


def test_fitting_again_starts_from_the_same_weights(architectures):
    y = target(architectures)
    again = predictor(architectures)
    again.fit(architectures, -y)
    again.fit(architectures, y)
    once = predictor(architectures)
    once.fit(architectures, y)
    np.testing.assert_array_equal(again.predict(architectures), once.predict(architectures))


def test_operations_are_known_by_name_not_by_number(architectures):
    fitted = predictor(architectures)
    fitted.fit(architectures, target(architectures))
    mean = fitted.predict(architectures)[0]
    other = Vocabulary((*architectures.vocabulary.ops[::-1], "unused"))
    np.testing.assert_array_equal(fitted.predict(architectures.recoded(other))[0], mean)
    np.testing.assert_array_equal(fitted.embed(architectures.recoded(other)), fitted.embed(architectures))
    refit = predictor(architectures)
    refit.fit(architectures.recoded(other), target(architectures))
    np.testing.assert_array_equal(refit.predict(architectures)[0], mean)
    strange = ArchitectureSet(Vocabulary(("input", "mystery")), [0, 1, 0], [0, 2, 3], [0], [1], [0, 1, 1])
    for use in (fitted.predict, fitted.embed, lambda x: fitted.fit(x, [1.0, 2.0])):
        with pytest.raises(ArchflowError, match="row 0: unknown operation 'mystery'; known here: input"):
            use(strange)


def test_several_metrics_with_missing_labels(architectures):
    y = np.stack([target(architectures), -architectures.depths.astype(float)], 1)
    mask = np.ones(y.shape, bool)
    mask[::3, 0] = mask[1::3, 1] = False
    mask[7] = False
    fits = []
    for hidden in (0.0, np.nan, 1e9):
        fitted = predictor(architectures, 2, settings=FineTuneSettings(epochs=30, learning_rate=3e-3))
        fitted.fit(architectures, np.where(mask, y, hidden), mask=mask, metrics=["accuracy", "speed"])
        fits.append(fitted.predict(architectures)[0])
    assert fitted.metrics == ["accuracy", "speed"]
    assert fits[0].shape == (len(architectures), 2)
    np.testing.assert_array_equal(fits[1], fits[0])  # what the mask hides is never looked at
    np.testing.assert_array_equal(fits[2], fits[0])
    for metric in range(2):
        assert kendalltau(fits[0][:, metric], y[:, metric]).statistic > 0.5


def test_validation_data_choose_the_epoch_and_are_not_trained_on(architectures):
    y = target(architectures)
    few, held = np.arange(20), np.arange(20, 60)
    fitted = predictor(architectures)
    tuned = fitted.fit(architectures.select(few), y[few], validation=(architectures.select(held), y[held]))
    raw = fitted.scores(architectures.select(held))[0, :, 0]
    assert kendalltau(raw, y[held]).statistic == pytest.approx(tuned.validation_score.max())
    monotone = predictor(architectures)
    monotone.fit(architectures.select(few), y[few], validation=(architectures.select(held), np.exp(y[held])))
    np.testing.assert_array_equal(monotone.predict(architectures)[0], fitted.predict(architectures)[0])


N = 60
FINE = np.arange(float(N))


def holed(value: float, row: int = 4) -> np.ndarray:
    values = FINE.copy()
    values[row] = value
    return values


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (holed(np.nan), {}, "labels: row 4 is not a finite number; leave it out or mask it"),
        (holed(np.inf), {}, "labels: row 4 is not a finite number"),
        (np.ones(N), {}, r"labels: all 60 are equal \(1\); there is nothing to rank"),
        (FINE, {"mask": FINE == 3}, "labels: 1 measured; at least two"),
        (FINE, {"mask": FINE < 0}, "labels: 0 measured"),
        (FINE[:-1], {}, r"labels: \(59,\) does not fit 60 architectures"),
        (np.zeros((N, 2, 2)), {}, "does not fit 60 architectures"),
        (np.zeros((N, 0)), {}, "does not fit 60 architectures"),
        (["good"] * N, {}, "labels: not all of them are numbers"),
        ([[1.0], [1.0, 2.0]], {}, "rows differ in length"),
        (FINE, {"mask": [True]}, r"their mask has shape \(1,\), they have \(60,\)"),
        (np.stack([FINE, np.ones(N)], 1), {}, "all 60 are equal"),
        (FINE, {"metrics": ["a", "b"]}, "1 columns, but 2 names"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(architectures, y, options, message):
    unfitted = predictor(architectures)
    with pytest.raises(ArchflowError, match=message) as caught:
        unfitted.fit(architectures, y, **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(ArchflowError, match="call fit"):
        unfitted.predict(architectures)


def test_validation_labels_are_held_to_the_same(architectures):
    for held, message in (
        (holed(np.nan), "validation labels: row 4"),
        (np.ones(N), "validation labels: all 60 are equal"),
        (np.stack([FINE, FINE], 1), "validation labels: 2 metrics, the others 1"),
    ):
        with pytest.raises(ArchflowError, match=message):
            predictor(architectures).fit(architectures, FINE, validation=(architectures, held))


def test_settings_that_make_no_predictor_are_refused(architectures):
    for options in ({"members": 0}, {"validation_share": 0.0}, {"validation_share": 1.0}):
        with pytest.raises(ArchflowError, match=r"members .* must be at least 1, validation_share"):
            predictor(architectures, **options)


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_very_few_labels_are_used_all_of_them(architectures, count):
    few = architectures.select(np.arange(count))
    fitted = predictor(architectures)
    fitted.fit(few, np.arange(float(count)))
    assert np.isfinite(fitted.predict(architectures)[0]).all()


def test_nothing_to_predict_is_predicted(architectures):
    fitted = predictor(architectures, 2)
    fitted.fit(architectures, FINE)
    assert [part.shape for part in fitted.predict(architectures.select([]))] == [(0,), (0,)]
    assert fitted.embed(architectures.select([])).shape == (0, 24)


@pytest.fixture
def saved(architectures, tmp_path):
    fitted = predictor(architectures, 2)
    fitted.fit(architectures, np.stack([FINE, -FINE], 1), metrics=["accuracy", "latency"])
    fitted.save(tmp_path / "model")
    return fitted, tmp_path / "model"


def test_a_loaded_predictor_is_the_saved_one(architectures, saved):
    fitted, folder = saved
    loaded = NetworkPredictor.load(folder)
    np.testing.assert_array_equal(loaded.predict(architectures), fitted.predict(architectures))
    np.testing.assert_array_equal(loaded.embed(architectures), fitted.embed(architectures))
    assert (loaded.metrics, loaded.settings, loaded.seed) == (["accuracy", "latency"], QUICK, 21)
    assert loaded.vocabulary == fitted.vocabulary
    loaded.save(folder.with_name("again"))
    assert (folder.with_name("again") / "predictor.json").read_bytes() == (folder / "predictor.json").read_bytes()


def weights_of(folder) -> str:
    (path,) = folder.glob("weights-*.safetensors")
    return path.name


def test_saving_over_an_older_predictor_leaves_one_of_the_two_whole(architectures, tmp_path, monkeypatch):
    old, new = predictor(architectures), predictor(architectures, seed=5)
    for model in (old, new):
        model.fit(architectures, np.arange(float(len(architectures))))
    old.save(tmp_path / "model")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("archflow.predict.folder.write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            new.save(tmp_path / "model")
    np.testing.assert_array_equal(
        NetworkPredictor.load(tmp_path / "model").predict(architectures), old.predict(architectures)
    )
    new.save(tmp_path / "model")
    np.testing.assert_array_equal(
        NetworkPredictor.load(tmp_path / "model").predict(architectures), new.predict(architectures)
    )
    assert weights_of(tmp_path / "model")


def test_damaged_files_are_refused_by_name(saved):
    _, folder = saved
    for name in (weights_of(folder), "predictor.json"):
        whole = (folder / name).read_bytes()
        changed = bytearray(whole)
        changed[len(whole) // 2] ^= 1
        for content in (whole[: len(whole) // 2], b"", bytes(changed)):
            (folder / name).write_bytes(content)
            with pytest.raises(ArchflowError, match=name) as caught:
                NetworkPredictor.load(folder)
            assert "\n" not in str(caught.value)
        (folder / name).unlink()
        with pytest.raises(ArchflowError, match=f"{name}: no such file"):
            NetworkPredictor.load(folder)
        (folder / name).write_bytes(whole)
    NetworkPredictor.load(folder)


def test_a_fitted_predictor_can_be_pickled(architectures, saved):
    fitted, _ = saved
    blend = BlendedPredictor(NetworkPredictor(create("gin", architectures, view="contracted", width=8), settings=QUICK))
    blend.fit(architectures, FINE)
    for predictor in (fitted, blend):
        again = pickle.loads(pickle.dumps(predictor))
        np.testing.assert_array_equal(again.predict(architectures), predictor.predict(architectures))


def test_the_margin_is_that_of_the_settings(architectures):
    learner = predictor(architectures, settings=FineTuneSettings(epochs=1, margin=0.2))
    learner.fit(architectures, FINE)
    assert learner.objectives == [Hinge(margin=0.2)]


def test_a_description_of_another_model_is_refused(saved):
    _, folder = saved
    path = folder / "predictor.json"
    about = json.loads(path.read_text())
    about["metrics"] = about["metrics"][::-1]
    path.write_text(json.dumps(about))
    with pytest.raises(ArchflowError, match=r"predictor\.json: does not belong to weights-\w+\.safetensors beside it"):
        NetworkPredictor.load(folder)


def test_only_a_fitted_predictor_is_saved(architectures, tmp_path):
    with pytest.raises(ArchflowError, match="nothing to save yet"):
        predictor(architectures).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_members_can_start_from_several_encoders(architectures):
    starts = [create("gin", architectures, seed=seed, width=8) for seed in range(2)]
    still = FineTuneSettings(epochs=1, learning_rate=0.0, weight_decay=0.0)
    both = NetworkPredictor(starts, members=3, settings=still)
    both.fit(architectures, target(architectures))
    for k, model in enumerate(both._fitted.models):
        for a, b in zip(model.encoder.parameters(), starts[k % 2].encoder.parameters(), strict=True):
            assert torch.equal(a, b)
    other_kind, other_size = (
        create(name, architectures, width=width) for name, width in (("gated_gcn", 8), ("gin", 9))
    )
    for other in (other_kind, other_size):
        with pytest.raises(ArchflowError, match="of different kinds or sizes"):
            NetworkPredictor([starts[0], other])
    reordered = create("gin", Vocabulary(architectures.vocabulary.ops[::-1]), width=8)
    with pytest.raises(ArchflowError, match="know different operations; give them one vocabulary"):
        NetworkPredictor([starts[0], reordered])


@pytest.fixture
def seen(architectures, monkeypatch):
    """The models and runs with which a predictor of three members begins to train."""
    found = []

    def fine_tune(models, _, runs, *arguments, **options):
        found.append((models, runs))
        raise Stopped

    class Stopped(Exception):
        pass

    monkeypatch.setattr("archflow.predict.network_predictor.fine_tune", fine_tune)
    with pytest.raises(Stopped):
        predictor(architectures, 3).fit(architectures, FINE)
    return found[0]


def test_every_member_holds_out_labels_of_its_own(seen):
    _, runs = seen
    assert runs.validation.shape == (3, 15)
    for train, held in zip(runs.train, runs.validation, strict=True):
        assert sorted([*train, *held]) == list(range(N))
    assert len({tuple(sorted(held)) for held in runs.validation}) == 3
    assert len(set(runs.seeds)) == 3


def test_every_member_has_a_head_of_its_own(seen):
    models, _ = seen
    for one, other in ((0, 1), (0, 2), (1, 2)):
        for name, value in models[one].head.state_dict().items():
            if name.endswith("weight"):
                assert not torch.equal(value, models[other].head.state_dict()[name]), name


def test_what_was_held_out_is_counted(architectures):
    y = target(architectures)

    def held_out(count: int, **options) -> int:
        return predictor(architectures).fit(architectures.select(range(count)), y[:count], **options).held_out

    assert held_out(60) == 15
    assert held_out(6) == 2
    assert held_out(5) == 0  # three to train on would be too few: all five do both
    assert held_out(20, validation=(architectures.select(range(20, 27)), y[20:27])) == 7


def test_intervals_hold_what_they_promise():
    many = random_architectures(400, seed=3)
    y = target(many) + np.random.default_rng(0).normal(size=400)
    learner = predictor(many, 3, settings=FineTuneSettings(epochs=10, learning_rate=3e-3))
    learner.fit(many.select(range(120)), y[:120])
    for coverage in (0.5, 0.8):
        low, high = learner.interval(many.select(range(120, 400)), coverage)
        assert coverage - 0.1 < np.mean((low <= y[120:]) & (y[120:] <= high)) < coverage + 0.1
    few = predictor(many)
    few.fit(many.select(range(5)), y[:5])
    with pytest.raises(ArchflowError, match=r"coverage 0\.5 needs more than 0 calibration labels"):
        few.interval(many, 0.5)


def test_residuals_are_of_members_that_did_not_train_on_the_label():
    values = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40]])[..., None]
    labels = np.array([[1.5], [np.nan], [7], [-4]])
    train, held = np.array([[2, 3], [0, 3]]), np.array([[0, 1], [1, 2]])
    (found,) = _residuals(values, labels, [Hinge()], train, held)
    assert found.ratios.tolist() == [0.5, 23.0]  # row 0 by the first member, row 2 by the second; row 3 by neither


def test_settings_may_be_numpys_numbers(architectures, tmp_path):
    settings = FineTuneSettings(epochs=np.int64(2), learning_rate=np.float32(3e-3), batch_size=np.int32(8))
    numpys = predictor(
        architectures, np.int64(2), settings=settings, seed=np.int64(3), validation_share=np.float32(0.25)
    )
    numpys.fit(architectures, FINE, checkpoint=tmp_path / "state")
    numpys.save(tmp_path / "model")
    loaded = NetworkPredictor.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(architectures), numpys.predict(architectures))


def test_an_older_folder_is_refused(saved):
    _, folder = saved
    path = folder / "predictor.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "format": "archflow predictor 2"}))
    with pytest.raises(ArchflowError, match=r"predictor\.json: has the format 'archflow predictor 2', .*; fit again"):
        load_predictor(folder)


def test_several_metrics_are_ranked_in_columns_of_their_own(architectures):
    y = np.stack([FINE, 100 - FINE], 1)
    learner = predictor(architectures, 2, objective=[Hinge(), Hinge(lower_is_better=True)])
    table = Table(architectures, {"accuracy": FINE, "ms": 100 - FINE, "note": FINE}, [f"net {i}" for i in range(N)])
    learner.fit(table, metrics=["accuracy", "ms"])
    mean, std = learner.predict(table)
    ranked = learner.rank(table)
    added = ["predicted_accuracy", "predicted_std_accuracy", "rank_accuracy"]
    added += ["predicted_ms", "predicted_std_ms", "rank_ms"]
    assert list(ranked.metrics) == ["accuracy", "ms", "note", *added]
    assert ranked.native == table.native
    for place, name in enumerate(("accuracy", "ms")):
        np.testing.assert_array_equal(ranked.metrics[f"predicted_{name}"], mean[:, place])
        np.testing.assert_array_equal(ranked.metrics[f"predicted_std_{name}"], std[:, place])
    assert mean[ranked.metrics["rank_accuracy"].argmin(), 0] == mean[:, 0].max()
    assert mean[ranked.metrics["rank_ms"].argmin(), 1] == mean[:, 1].min()
    as_columns = predictor(architectures, 2, objective=[Hinge(), Hinge(lower_is_better=True)])
    as_columns.fit(architectures, y)
    np.testing.assert_array_equal(as_columns.predict(architectures)[0], mean)


def test_rows_of_a_table_without_any_label_are_left_out(architectures):
    gaps = np.where(FINE % 3 > 0, FINE, np.nan)
    learner = predictor(architectures)
    learner.fit(Table(architectures, {"accuracy": gaps}), metrics=["accuracy"])
    known = np.flatnonzero(FINE % 3 > 0)
    alone = predictor(architectures)
    alone.fit(architectures.select(known), FINE[known])
    np.testing.assert_array_equal(learner.predict(architectures), alone.predict(architectures))
    with pytest.raises(ArchflowError, match="labels: none are given; give y, or a table and the names of its columns"):
        predictor(architectures).fit(Table(architectures, {"accuracy": gaps}))


def test_a_state_of_another_dropout_is_refused(architectures, tmp_path):
    for dropout, refused in ((0.0, False), (0.5, True)):
        embedder = create("gin", architectures, seed=0, width=8, dropout=dropout)
        learner = NetworkPredictor(embedder, settings=QUICK)
        with pytest.raises(ArchflowError, match="other settings or data") if refused else nullcontext():
            learner.fit(architectures, FINE, checkpoint=tmp_path / "state")


def test_architectures_alone_are_ranked_too(architectures):
    predictor = NetworkPredictor(create("gin", architectures, width=8), settings=FineTuneSettings(epochs=1))
    predictor.fit(architectures, architectures.edge_counts)
    of_set, of_table = predictor.rank(architectures), predictor.rank(Table(architectures, {"id": np.arange(60.0)}))
    assert list(of_set.metrics) == ["predicted", "predicted_std", "rank"]
    assert list(of_table.metrics) == ["id", *of_set.metrics]
    np.testing.assert_array_equal(of_set.metric("rank"), of_table.metric("rank"))


def test_a_sign_before_a_column_is_no_name_in_python(architectures):
    """It was learnt with its sign turned, as a metric of that name for which higher is better."""
    table = Table(architectures, {"latency": architectures.edge_counts.astype(float)})
    predictor = NetworkPredictor(create("gin", architectures, width=8), settings=FineTuneSettings(epochs=1))
    with pytest.raises(ArchflowError, match="name the column 'latency' and give an objective with lower_is_better"):
        predictor.fit(table, metrics=["-latency"])
