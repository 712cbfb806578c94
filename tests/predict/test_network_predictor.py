"""Predictors of networks: members, seeds, validation, settings."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from archflow.encoders import ENCODERS, GIN, GatedGCN, create
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import Hinge
from archflow.pretext import pretrain
from archflow.recipes.presets import GRAPH_NETWORKS
from archflow.testing import check_predictor, random_architectures
from tests.cell_pairs import paired
from tests.predict.learnable import FINE, N, PlainEncoder, predictor, target


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("encoder", [GIN, GatedGCN])
def test_a_predictor_keeps_its_contract(architectures, members, encoder):
    check_predictor(lambda: predictor(architectures, members, encoder), architectures, target(architectures))


# That others get gradients and train together is tested with the encoders and in `test_fine_tune`.
@pytest.mark.parametrize("name", sorted({*GRAPH_NETWORKS, "mlp", "transformer", "pace", "ta_gates"}))
def test_few_labels_are_enough_for_a_learnable_target(name):
    architectures = random_architectures(200, seed=5)
    if ENCODERS.get(name).reads_pairs:
        architectures = paired(architectures)
    y = target(architectures)
    embedder = create(name, architectures, view="whole", seed=1, width=32)
    learner = NetworkPredictor(embedder, settings=FineTuneSettings(epochs=30, batch_size=40, learning_rate=5e-3))
    few, rest = np.arange(80), np.arange(80, 200)
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
        with pytest.raises(ArchflowError, match=r"row 0: unknown operation 'mystery' .*; known here: input"):
            use(strange)


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


def test_settings_that_make_no_predictor_are_refused(architectures):
    for options, message in (
        ({"members": 0}, "predictor: members must be a whole number of at least 1 and at most 1,000, not 0"),
        ({"members": 10**9}, "predictor: members must be .*, not 1000000000"),
        ({"validation_share": 0.0}, "predictor: validation_share must be a number above 0"),
        ({"validation_share": 1.0}, "predictor: validation_share must be .* at most 0.99, not 1.0"),
        ({"seed": -1}, "predictor: seed must be a whole number of at least 0, not -1"),
        ({"device": "gpu"}, "device 'gpu' cannot be used here .*; use 'cpu'"),
    ):
        with pytest.raises(ArchflowError, match=message) as caught:
            predictor(architectures, **options)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
def test_a_device_that_is_not_there_is_refused_when_it_is_named(architectures, tmp_path):
    fitted = predictor(architectures)
    fitted.fit(architectures, FINE)
    fitted.save(tmp_path / "model")
    for use in (
        lambda: predictor(architectures, device="cuda"),
        lambda: NetworkPredictor.load(tmp_path / "model", device="cuda"),
        lambda: create("gin", architectures).embed(architectures, device="cuda"),
        lambda: pretrain(create("gin", architectures), "flow", architectures, device="cuda"),
    ):
        with pytest.raises(ArchflowError, match="device 'cuda' cannot be used here") as caught:
            use()
        assert "\n" not in str(caught.value)


def test_the_margin_is_that_of_the_settings(architectures):
    learner = predictor(architectures, settings=FineTuneSettings(epochs=1, margin=0.2))
    learner.fit(architectures, FINE)
    assert learner.objectives == [Hinge(margin=0.2).spanning(FINE)]


def test_members_can_start_from_several_encoders(architectures):
    starts = [create("gin", architectures, seed=seed, width=8) for seed in range(2)]
    still = FineTuneSettings(epochs=1, learning_rate=1e-300, weight_decay=0.0)
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


def test_settings_may_be_numpys_numbers(architectures, tmp_path):
    settings = FineTuneSettings(epochs=np.int64(2), learning_rate=np.float32(3e-3), batch_size=np.int32(8))
    numpys = predictor(
        architectures, np.int64(2), settings=settings, seed=np.int64(3), validation_share=np.float32(0.25)
    )
    numpys.fit(architectures, FINE, checkpoint=tmp_path / "state")
    numpys.save(tmp_path / "model")
    loaded = NetworkPredictor.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(architectures), numpys.predict(architectures))
