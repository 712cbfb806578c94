"""The blended predictor: its contract, its intervals, what it learns from, and its files."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau, norm

from archflow.encoders import create
from archflow.encoders.embedding import embed
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.effective import view
from archflow.predict import BlendedPredictor, FineTuneSettings, NetworkPredictor, load_predictor
from archflow.predict.blend import _Blend
from archflow.predict.conformal import Conformal
from archflow.predict.gaussian_process import EmbeddingGP, normal_scores
from archflow.predict.objectives import Hinge, Log
from archflow.spaces import NASBench201
from archflow.testing import check_predictor, random_architectures
from tests.predict.learnable import target


def blend(
    architectures, epochs: int = 4, width: int = 8, views=("effective", "effective"), **options
) -> BlendedPredictor:
    fresh = [create("gin", architectures, view=view, seed=k, width=width) for k, view in enumerate(views)]
    return BlendedPredictor(NetworkPredictor(fresh, members=4, settings=FineTuneSettings(epochs=epochs), **options))


@pytest.fixture(scope="module")
def many():
    return random_architectures(300, seed=5)


@pytest.fixture(scope="module")
def fitted(many) -> BlendedPredictor:
    y = target(many)
    learner = blend(many, epochs=15, width=16)
    learner.fit(many.select(range(60)), y[:60], validation=(many.select(range(60, 100)), y[60:100]), reference=many)
    return learner


def test_it_keeps_the_contract_of_predictors(architectures):
    check_predictor(lambda: blend(architectures), architectures, target(architectures))


def test_it_learns_and_says_how_sure_it_is(many, fitted):
    y, rest = target(many)[100:], many.select(range(100, 300))
    mean, std = fitted.predict(rest)
    assert kendalltau(mean, y).statistic > 0.6
    assert (std > 0).all()
    assert 0.5 < np.mean(np.abs(y - mean) < std) < 0.9
    for coverage in (0.5, 0.9):
        low, high = fitted.interval(rest, coverage)
        assert coverage - 0.12 < np.mean((low <= y) & (y <= high))
    with pytest.raises(ArchflowError, match=r"coverage 0\.99 needs more than 40 calibration labels"):
        fitted.interval(rest, 0.99)


def test_it_blends_what_both_readings_say(many, fitted):
    networks, process = fitted.readings(many)
    assert networks.shape == (4, 300)
    np.testing.assert_allclose(networks.mean(1), 0, atol=1e-6)
    order = np.argsort(fitted.blended(networks, process))
    assert (np.diff(fitted.predict(many)[0][order]) >= 0).all()


def test_validation_labels_say_how_far_to_trust_each_reading(many):
    y = target(many)
    learner = blend(many)

    def process_alone(against: int) -> float:
        """How the blend ranks as the process does, if the validation labels say it is right, or wrong."""
        _, said = learner.readings(many)
        labels = against * said[60:100]
        learner.fit(many.select(range(60)), y[:60], validation=(many.select(range(60, 100)), labels), reference=many)
        networks, process = learner.readings(many)
        return kendalltau(learner.blended(networks, process), process).statistic

    learner.fit(many.select(range(60)), y[:60], validation=(many.select(range(60, 100)), y[60:100]), reference=many)
    assert process_alone(1) > process_alone(-1)


def test_a_process_that_knows_nothing_says_little(many):
    noise = np.random.default_rng(0).normal(size=40)
    learner = blend(many)
    learner.fit(many.select(range(30)), noise[:30], validation=(many.select(range(30, 40)), noise[30:]), reference=many)
    networks, process = learner.readings(many)
    np.testing.assert_allclose(networks.std(1), 1, atol=1e-6)
    assert process.std() < 0.5


def test_each_encoder_is_shown_its_own_view():
    space = NASBench201()
    cells = space.sample(120, np.random.default_rng(0))
    y = cells.op_counts[:, cells.vocabulary.index("nor_conv_3x3")] + np.linspace(0, 0.1, 120)
    learner = blend(cells, views=["effective", "contracted"])
    learner.fit(cells.select(range(40)), y[:40], reference=cells)
    for place, name in enumerate(("effective", "contracted")):
        seen = learner.networks.embedders[place]
        own = learner.embed(cells).reshape(120, 2, -1)[:, place]
        np.testing.assert_allclose(own, embed(seen.encoder, view(name)(cells)), atol=1e-6)
    alike = cells.select([0, 0])
    assert np.ptp(learner.predict(alike)[0]) == 0


def test_without_validation_data_a_part_of_the_labels_stands_in(many):
    y = target(many)
    learner = blend(many)
    tuned = learner.fit(many.select(range(40)), y[:40])
    assert tuned.validation_score.shape == (4, 4)
    assert len(learner._fitted.conformal.ratios) == 10
    assert len(learner._fitted.blend.readings.process.state()["scores"]) == 40
    with pytest.raises(ArchflowError, match="5 labels are too few to spare 2"):
        blend(many).fit(many.select(range(5)), y[:5])


def test_dead_parts_of_an_architecture_change_no_prediction(fitted, many):
    ops = many.vocabulary.ops
    plain = Architecture(("input", "conv1x1", "output"), ((0, 1), (1, 2)))
    assert set(plain.ops) <= set(ops)
    vocabulary = type(many.vocabulary)((*ops, "none"))
    known = ArchitectureSet.from_architectures(list(many), vocabulary)
    learner = blend(known)
    learner.fit(known.select(range(40)), target(many)[:40])
    dead = Architecture(("input", "conv1x1", "output", "none", "pool"), ((0, 1), (1, 2), (0, 3), (3, 4), (4, 2)))
    mean, std = learner.predict(ArchitectureSet.from_architectures([plain, dead], vocabulary))
    assert mean[0] == mean[1]
    assert std[0] == std[1]


def test_it_comes_back_from_disk_the_same(many, fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = load_predictor(tmp_path)
    assert isinstance(loaded, BlendedPredictor)
    for a, b in zip(loaded.predict(many), fitted.predict(many), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(loaded.interval(many, 0.8), fitted.interval(many, 0.8))
    fitted.networks.save(tmp_path / "plain")
    assert isinstance(load_predictor(tmp_path / "plain"), NetworkPredictor)
    names = {path.name for path in tmp_path.iterdir()}
    fitted.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_damaged_files_are_refused(many, fitted, tmp_path):
    fitted.save(tmp_path)
    about = json.loads((tmp_path / "predictor.json").read_text())
    (weights,) = tmp_path.glob("weights-*.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-3])
    with pytest.raises(ArchflowError, match=r"weights-.*truncated, damaged or not written by archflow"):
        load_predictor(tmp_path)
    weights.write_bytes(whole)
    (tmp_path / "predictor.json").write_text(json.dumps({**about, "networks": "other"}))
    with pytest.raises(ArchflowError, match="does not belong to weights-"):
        load_predictor(tmp_path)
    with pytest.raises(ArchflowError, match="call fit first"):
        blend(many).save(tmp_path)
    with pytest.raises(ArchflowError, match="call fit or load first"):
        blend(many).predict(many)


def test_labels_of_several_metrics_are_refused(many):
    with pytest.raises(ArchflowError, match="labels of 2 metrics; fit one predictor for each"):
        blend(many).fit(many, np.stack([target(many)] * 2, 1))


def test_intervals_come_from_labels_that_nothing_was_fitted_to(many):
    """The part of the labels that is held out calibrates as the same labels do when they are given as validation."""
    y = target(many)
    learner = blend(many)
    learner.fit(many.select(range(40)), y[:40], reference=many)
    order = np.random.default_rng(21).permutation(40)
    held, train = order[:10], order[10:]
    apart = blend(many)
    apart.fit(many.select(train), y[train], validation=(many.select(held), y[held]), reference=many)
    np.testing.assert_allclose(learner._fitted.conformal.ratios, apart._fitted.conformal.ratios)
    assert learner._fitted.blend.share == pytest.approx(apart._fitted.blend.share)
    mean, _ = apart.predict(many.select(held))
    assert (np.abs(mean - y[held]) > 1e-6).all()


def test_the_weight_is_that_of_the_mean_of_all_networks(many, monkeypatch):
    asked = []

    def share(first, second, labels):
        asked.append((first, second))
        return 0.5

    monkeypatch.setattr("archflow.predict.blend.share_of_first", share)
    learner, y = blend(many), target(many)
    held = many.select(range(30, 40))
    learner.fit(many.select(range(30)), y[:30], validation=(held, y[30:40]), reference=many)
    networks, process = learner.readings(held)
    ((first, second),) = asked
    np.testing.assert_allclose(first, networks.mean(0))
    np.testing.assert_allclose(second, process)


def test_the_spread_holds_doubt_and_both_disagreements():
    """With a map that changes nothing."""
    networks, process, doubt = np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([2.0, 5.0]), np.array([0.5, 0.25])
    knots = np.stack([np.linspace(-50, 50, 11)] * 2)
    readings: Any = lambda seen, on_batch: (networks, process, doubt)  # noqa: E731
    anything: Any = None
    mean, spread = _Blend(readings, 0.25, knots)(anything)
    np.testing.assert_allclose(mean, [2.0, 0.25 * 2 + 0.75 * 5])
    np.testing.assert_allclose(spread, np.sqrt([0.5**2 + 0 + 1, 0.25**2 + 1.5**2 + 0]))


def test_a_rising_map_of_labels_changes_no_rank_and_low_can_be_good(many):
    y = target(many)
    found = {}
    for name, labels, lower in (("plain", y, False), ("mapped", np.exp(y), False), ("low", -y, True)):
        learner = blend(many, objective=Hinge(lower_is_better=lower))
        learner.fit(many.select(range(40)), labels[:40], reference=many)
        found[name] = learner
    mean, std = found["plain"].predict(many)
    assert kendalltau(found["mapped"].predict(many)[0], mean).statistic > 0.999
    np.testing.assert_allclose(found["low"].predict(many), (-mean, std), atol=1e-9)
    low, high = found["low"].interval(many, 0.5)
    np.testing.assert_allclose((-high, -low), found["plain"].interval(many, 0.5), atol=1e-9)


def test_positive_labels_have_positive_predictions_and_intervals(many, tmp_path):
    y = np.exp(2 * target(many))
    learner = blend(many, objective=Log(lower_is_better=True), epochs=8)
    learner.fit(many.select(range(60)), y[:60], reference=many)
    mean, std = learner.predict(many)
    low, high = learner.interval(many, 0.8)
    assert (mean > 0).all()
    assert (std > 0).all()
    assert ((low > 0) & (low <= mean) & (mean <= high)).all()
    assert kendalltau(mean[60:], y[60:]).statistic > 0.4
    learner.save(tmp_path)
    np.testing.assert_array_equal(load_predictor(tmp_path).interval(many, 0.8), (low, high))


def test_the_deviation_of_the_process_is_without_the_noise_of_a_measurement():
    """Against the formula of a Gaussian process, from its own hyperparameters."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 2))
    process = EmbeddingGP().fit(x, x[:, 0] + rng.normal(size=50), x)
    variance, length, noise = np.exp(process.state()["theta"])
    at = (x - x.mean(0)) / (x.std(0) + 1e-6)
    r = np.sqrt(3) * np.linalg.norm(at[:, None] - at, axis=2) / length
    kernel = variance * (1 + r) * np.exp(-r)
    expected = variance - np.einsum("ij,jk,ki->i", kernel, np.linalg.inv(kernel + noise * np.eye(50)), kernel)
    _, std = process.predict(x)
    np.testing.assert_allclose(std**2, expected, rtol=1e-4, atol=1e-7)
    assert noise > 2 * expected.max()


def test_the_process_is_standardised_by_the_reference():
    rng = np.random.default_rng(0)
    labelled, usual = rng.normal(size=(20, 3)), 4 + 3 * rng.normal(size=(500, 3))
    state = EmbeddingGP().fit(labelled, labelled[:, 0], usual).state()
    np.testing.assert_allclose(state["centre"], usual.mean(0))
    np.testing.assert_allclose(state["scale"], usual.std(0), rtol=1e-5)


def test_the_process_interpolates_what_it_was_told_and_doubts_what_is_far():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = np.exp(x[:, 0])
    process = EmbeddingGP().fit(x[:40], y[:40], x)
    mean, std = process.predict(x)
    assert kendalltau(mean[40:], y[40:]).statistic > 0.7
    assert process.predict(x[:1] + 50)[1][0] > 2 * std[:40].mean()
    again = EmbeddingGP.from_state(process.state())
    np.testing.assert_allclose(again.predict(x), (mean, std), rtol=1e-9)


def test_normal_scores_are_quantiles():
    scores = normal_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(scores, norm.ppf([0.875, 0.125, 0.5, 0.5]))


def test_conformal_intervals_cover_what_they_promise():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(300):
        mean, spread = rng.normal(size=60), rng.uniform(0.5, 2, size=60)
        labels = mean + spread * rng.standard_t(3, size=60)
        conformal = Conformal.of(labels[:30], mean[:30], spread[:30])
        covered.append(np.abs(labels - mean)[30:] <= spread[30:] * conformal.factor(0.8))
    assert 0.8 <= np.mean(covered) < 0.85
    with pytest.raises(ArchflowError, match="coverage 1 must lie between 0 and 1"):
        conformal.factor(1.0)
