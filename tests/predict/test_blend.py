"""The blended predictor: its contract, its intervals, what it learns from, and its files."""

import json

import numpy as np
import pytest
from scipy.stats import kendalltau, norm

from archflow.encoders import GIN
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.effective import view
from archflow.predict import BlendedPredictor, FineTuneSettings, Predictor, load_predictor
from archflow.predict.conformal import Conformal
from archflow.predict.gaussian_process import EmbeddingGP, normal_scores
from archflow.predict.ranking_model import embed
from archflow.seeding import seeded
from archflow.spaces import NASBench201
from archflow.testing import check_predictor, random_architectures
from tests.predict.learnable import target


def blend(architectures, encoders: int = 2, epochs: int = 4, width: int = 8, **options) -> BlendedPredictor:
    fresh = []
    for k in range(encoders):
        with seeded(k):
            fresh.append(GIN(len(architectures.vocabulary), width=width))
    return BlendedPredictor(fresh, architectures.vocabulary, settings=FineTuneSettings(epochs=epochs), **options)


@pytest.fixture(scope="module")
def many():
    return random_architectures(300, seed=5)


@pytest.fixture(scope="module")
def fitted(many) -> BlendedPredictor:
    y = target(many)
    learner = blend(many, epochs=15, width=16)
    learner.fit(many.select(range(60)), y[:60], (many.select(range(60, 100)), y[60:100]), reference=many)
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
        learner.fit(many.select(range(60)), y[:60], (many.select(range(60, 100)), labels), reference=many)
        networks, process = learner.readings(many)
        return kendalltau(learner.blended(networks, process), process).statistic

    learner.fit(many.select(range(60)), y[:60], (many.select(range(60, 100)), y[60:100]), reference=many)
    assert process_alone(1) > process_alone(-1)


def test_a_process_that_knows_nothing_says_little(many):
    noise = np.random.default_rng(0).normal(size=40)
    learner = blend(many)
    learner.fit(many.select(range(30)), noise[:30], (many.select(range(30, 40)), noise[30:]), reference=many)
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
        seen = blend(cells, views=name).encoders[place]
        own = learner.embed(cells).reshape(120, 2, -1)[:, place]
        np.testing.assert_allclose(own, embed(seen, view(name)(cells)), atol=1e-6)
    alike = cells.select([0, 0])
    assert np.ptp(learner.predict(alike)[0]) == 0
    with pytest.raises(ArchflowError, match="3 views for 2 encoders; give one for each"):
        blend(cells, views=["whole"] * 3)


def test_without_validation_data_a_part_of_the_labels_stands_in(many):
    y = target(many)
    learner = blend(many)
    tuned = learner.fit(many.select(range(40)), y[:40])
    assert tuned.validation_tau.shape == (4, 4)
    assert len(learner._conformal.ratios) == 10
    state = learner._process.state()  # pyright: ignore[reportOptionalMemberAccess]
    assert len(state["scores"]) == 40
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
    assert isinstance(load_predictor(tmp_path / "plain"), Predictor)
    names = {path.name for path in tmp_path.iterdir()}
    fitted.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_damaged_files_are_refused(many, fitted, tmp_path):
    fitted.save(tmp_path)
    about = json.loads((tmp_path / "predictor.json").read_text())
    (weights,) = tmp_path.glob("blend-*.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-3])
    with pytest.raises(ArchflowError, match=r"blend-.*truncated, damaged or not written by archflow"):
        load_predictor(tmp_path)
    weights.write_bytes(whole)
    (tmp_path / "predictor.json").write_text(json.dumps({**about, "metrics": ["other"]}))
    with pytest.raises(ArchflowError, match="does not belong to blend-"):
        load_predictor(tmp_path)
    with pytest.raises(ArchflowError, match="call fit first"):
        blend(many).save(tmp_path)
    with pytest.raises(ArchflowError, match="call fit or load first"):
        blend(many).predict(many)


def test_labels_of_several_metrics_are_refused(many):
    with pytest.raises(ArchflowError, match="labels of 2 metrics; fit one predictor for each"):
        blend(many).fit(many, np.stack([target(many)] * 2, 1))


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
