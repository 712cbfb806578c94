from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS, GIN
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.predict import fine_tune as fine_tune_module
from archflow.predict.fine_tune import FineTuned, FineTuneSettings, Runs, fine_tune
from archflow.predict.metrics import kendall_tau
from archflow.predict.ranking_model import RankingModel, score
from tests.cell_pairs import paired
from tests.predict.learnable import PlainEncoder, models, target

SETTINGS = FineTuneSettings(epochs=6, batch_size=8, learning_rate=3e-3)


class Killed(Exception):
    pass


def runs(architectures, count: int = 3, n_metrics: int = 1) -> Runs:
    """Every run its own rows: 20 to train on, 10 to validate on, the rest unseen."""
    order = np.stack([np.random.default_rng(k).permutation(len(architectures)) for k in range(count)])
    labels = np.stack([target(architectures), -architectures.node_counts][:n_metrics], 1).astype(float)
    return Runs(labels, order[:, :20], order[:, 20:30], list(range(count)))


def one_of(all_runs: Runs, k: int) -> Runs:
    return Runs(all_runs.labels, all_runs.train[[k]], all_runs.validation[[k]], [all_runs.seeds[k]])


def assert_same(found: FineTuned, expected: FineTuned) -> None:
    np.testing.assert_array_equal(found.losses, expected.losses)
    np.testing.assert_array_equal(found.validation_score, expected.validation_score)
    for ours, theirs in zip(found.models, expected.models, strict=True):
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value), name


@pytest.mark.parametrize("n_metrics", [1, 2])
def test_runs_together_are_the_runs_alone(architectures, n_metrics):
    together_runs = runs(architectures, 3, n_metrics)
    made = models(architectures, 3, n_metrics, dropout=0.0)
    together = fine_tune(made, architectures, together_runs, SETTINGS)
    assert together.losses.shape == together.validation_score.shape == (6, 3)
    for k, model in enumerate(models(architectures, 3, n_metrics, dropout=0.0)):
        alone = fine_tune([model], architectures, one_of(together_runs, k), SETTINGS)
        np.testing.assert_allclose(together.losses[:, [k]], alone.losses, rtol=2e-3)  # AdamW enlarges rounding
        np.testing.assert_allclose(together.validation_score[:, [k]], alone.validation_score, atol=0.05)
        # The loss does not see a common shift of all scores: the last bias moves by rounding alone.
        scores = (score(m, architectures) for m in (together.models[k], alone.models[0]))
        ours, theirs = (s - s.mean(0) for s in scores)
        np.testing.assert_allclose(ours, theirs, atol=5e-3)


@pytest.mark.parametrize("name", ENCODERS.names())
def test_runs_of_every_encoder_train_together(architectures, name):
    kind = ENCODERS.get(name)
    read = paired(architectures) if kind.reads_pairs else architectures
    made = [RankingModel(kind(len(read.vocabulary), width=32)) for _ in range(2)]
    tuned = fine_tune(made, read, runs(read, 2), replace(SETTINGS, epochs=1))
    assert np.isfinite(tuned.losses).all()
    for before, after in zip(made, tuned.models, strict=True):
        moved = {key: not torch.equal(before.state_dict()[key], value) for key, value in after.named_parameters()}
        assert moved["head.out.weight"]
        assert any(changed for key, changed in moved.items() if key.startswith("encoder."))


def test_the_rate_rises_then_falls():
    settings = FineTuneSettings(epochs=40, learning_rate=0.8, warmup=4)
    rates = [settings.rate(epoch) for epoch in range(40)]
    np.testing.assert_allclose(rates[:4], [0.2, 0.4, 0.6, 0.8])
    assert rates[4] == 0.8
    assert rates[22] == pytest.approx(0.4)  # half way down
    assert all(later < earlier for earlier, later in pairwise(rates[4:]))
    assert rates[-1] < 0.002
    assert {FineTuneSettings(learning_rate=0.3).rate(epoch) for epoch in (0, 7, 499)} == {0.3}


def test_the_rate_is_the_one_used(architectures):
    made, one = models(architectures, 1), runs(architectures, 1)
    start = made[0].head.hidden.weight.detach().clone()

    def moved(settings: FineTuneSettings) -> float:
        weight = fine_tune(made, architectures, one, settings).models[0].head.hidden.weight.detach()
        return float((weight - start).abs().max())

    assert moved(replace(SETTINGS, warmup=10**9)) < 1e-7
    assert moved(SETTINGS) > 1e-3


def test_gradients_are_clipped(architectures):
    """AdamW divides by the size of gradients, unless they are smaller than its epsilon."""
    made, one = models(architectures, 1), runs(architectures, 1)
    start = made[0].head.hidden.weight.detach()

    def moved(clip: float) -> float:
        tuned = fine_tune(made, architectures, one, replace(SETTINGS, clip=clip, weight_decay=0.0))
        return float((tuned.models[0].head.hidden.weight.detach() - start).abs().max())

    assert moved(1e-13) < 1e-3 * moved(1.0)


def test_batches_are_drawn_anew_every_epoch(architectures, monkeypatch):
    batches: list[list[int]] = []

    def recorded(shown, rows, device, context):
        batches.append(sorted(np.ravel(rows).tolist()))
        return Batch(shown, rows, device, context)

    monkeypatch.setattr("archflow.predict.fine_tune.Batch", recorded)
    one = runs(architectures, 1)
    fine_tune(models(architectures, 1), architectures, one, replace(SETTINGS, epochs=3, batch_size=10))
    epochs = batches[:2], batches[2:4], batches[4:]
    for first, second in epochs:
        assert sorted([*first, *second]) == sorted(one.train[0])
    assert len({tuple(first) for first, _ in epochs}) == 3


def test_clipping_bounds_every_run_by_itself(architectures):
    tight = replace(SETTINGS, clip=1e-3)
    together_runs = runs(architectures, 2)
    together = fine_tune(models(architectures, 2, dropout=0.0), architectures, together_runs, tight)
    for k, model in enumerate(models(architectures, 2, dropout=0.0)):
        alone = fine_tune([model], architectures, one_of(together_runs, k), tight)
        np.testing.assert_allclose(together.losses[:, [k]], alone.losses, rtol=1e-4)


def test_models_that_do_not_stack_train_one_after_the_other(architectures, tmp_path):
    path = tmp_path / "state"
    made = models(architectures, 2, encoder=PlainEncoder)
    both = fine_tune(made, architectures, runs(architectures, 2), SETTINGS, path)
    for k, model in enumerate(models(architectures, 2, encoder=PlainEncoder)):
        alone = fine_tune([model], architectures, one_of(runs(architectures, 2), k), SETTINGS)
        np.testing.assert_array_equal(both.losses[:, [k]], alone.losses)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state.0", "state.1"]


def test_a_notebook_shows_its_epochs(architectures, monkeypatch):
    shown = []
    monkeypatch.setattr(fine_tune_module, "notebook_bar", lambda *given: nullcontext(shown.append(given[:2])))
    fine_tune(models(architectures, 2), architectures, runs(architectures, 2), SETTINGS)
    assert shown == [(f"training on {runs(architectures, 2).train.shape[1]} labels", SETTINGS.epochs)]


def test_the_kept_model_is_that_of_the_best_validation_epoch(architectures):
    for count in (1, 3):
        all_runs = runs(architectures, count)
        tuned = fine_tune(models(architectures, count), architectures, all_runs, SETTINGS)
        for k, model in enumerate(tuned.models):
            rows = all_runs.validation[k]
            tau = kendall_tau(score(model, architectures, rows)[:, 0], all_runs.labels[rows, 0])
            assert tau == pytest.approx(tuned.validation_score[:, k].max())
            assert not model.training


@pytest.mark.parametrize("encoder", [GIN, PlainEncoder])
def test_without_validation_the_last_epoch_is_kept(architectures, encoder, tmp_path):
    chosen = runs(architectures, 2)
    free = replace(chosen, validation=chosen.validation[:, :0])
    tuned = fine_tune(models(architectures, 2, encoder=encoder), architectures, free, SETTINGS)
    assert tuned.losses.shape == (6, 2)
    assert tuned.validation_score.shape == (0, 2)
    assert tuned.held_out == 0
    shorter = fine_tune(models(architectures, 2, encoder=encoder), architectures, free, replace(SETTINGS, epochs=5))
    np.testing.assert_array_equal(shorter.losses, tuned.losses[:5])
    assert not torch.equal(shorter.models[0].head.out.weight, tuned.models[0].head.out.weight)

    def kill(now: int) -> None:
        if now == 4:
            raise Killed

    def go(on_epoch=None) -> FineTuned:
        made = models(architectures, 2, encoder=encoder)
        return fine_tune(made, architectures, free, SETTINGS, tmp_path / "state", "cpu", on_epoch, checkpoint_every=3)

    with pytest.raises(Killed):
        go(kill)
    assert_same(go(), tuned)
    assert_same(go(), tuned)


def test_a_last_step_that_diverges_is_refused(architectures):
    free = replace(runs(architectures, 1), validation=np.zeros((1, 0), np.int64))
    with pytest.raises(ArchflowError, match="not finite numbers"):
        fine_tune(
            models(architectures, 1),
            architectures,
            free,
            replace(SETTINGS, epochs=1, batch_size=20, learning_rate=1e38, weight_decay=1e3),
        )


def test_of_equally_good_epochs_the_first_is_kept(architectures):
    """Three validation rows have few different taus: they go up and down, and the best comes more than once."""
    few = runs(architectures, 1)
    few = Runs(few.labels, few.train, few.validation[:, :3], few.seeds)
    settings = replace(SETTINGS, epochs=25, learning_rate=2e-2)
    tuned = fine_tune(models(architectures, 1), architectures, few, settings)
    tau = tuned.validation_score[:, 0]
    first = int(tau.argmax())
    assert (tau == tau.max()).sum() > 1
    assert (np.diff(tau[first:]) > 0).any()  # a later rise is not a new best
    until = fine_tune(models(architectures, 1), architectures, few, replace(settings, epochs=first + 1))
    for name, value in until.models[0].state_dict().items():
        assert torch.equal(tuned.models[0].state_dict()[name], value), name


@pytest.mark.parametrize("unseen", [np.nan, np.inf, 1e30, 0.0])
def test_labels_outside_a_run_are_never_looked_at(architectures, unseen):
    clean, garbage = runs(architectures, 1), runs(architectures, 1)
    used = np.concatenate([clean.train[0], clean.validation[0]])
    garbage.labels[np.setdiff1d(np.arange(len(architectures)), used)] = unseen
    tuned = [fine_tune(models(architectures, 1), architectures, r, SETTINGS) for r in (clean, garbage)]
    assert_same(tuned[1], tuned[0])


def test_a_missing_label_is_a_row_less(architectures):
    """Two metrics, each measured on other rows: the loss is the sum of what is measured."""
    whole = runs(architectures, 1, 2)
    gaps = Runs(whole.labels.copy(), whole.train, whole.validation, whole.seeds)
    gaps.labels[::2, 0] = np.nan
    gaps.labels[:, 1] = np.nan
    first = Runs(gaps.labels[:, :1], whole.train, whole.validation, whole.seeds)
    settings = replace(SETTINGS, epochs=1, batch_size=20, margin=0.2)
    both = fine_tune(models(architectures, 1, 2, dropout=0.0), architectures, gaps, settings)
    model = models(architectures, 1, 2, dropout=0.0)[0]
    scores = torch.from_numpy(score(model, architectures, whole.train[0]))[:, 0]
    y = torch.from_numpy(first.labels[whole.train[0], 0])
    terms = [max(0.0, 0.2 - float(scores[i] - scores[j])) for i in range(20) for j in range(20) if y[i] > y[j]]
    assert both.losses[0, 0] == pytest.approx(np.mean(terms), rel=1e-4)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_a_killed_loop_goes_on_to_the_same_result(architectures, tmp_path, count, epoch):
    def go(checkpoint=None, on_epoch=None):
        made, all_runs = models(architectures, count), runs(architectures, count)
        return fine_tune(made, architectures, all_runs, SETTINGS, checkpoint, on_epoch=on_epoch, checkpoint_every=2)

    def kill(now: int) -> None:
        if now == epoch:
            raise Killed

    expected = go()
    with pytest.raises(Killed):
        go(tmp_path / "state", kill)
    seen: list[int] = []
    assert_same(go(tmp_path / "state", seen.append), expected)
    saved = epoch - epoch % 2
    assert seen == list(range(max(saved, 1), SETTINGS.epochs + 1))
    assert_same(go(tmp_path / "state"), expected)


def test_a_state_of_another_run_is_refused(architectures, tmp_path):
    path = tmp_path / "state"
    good = runs(architectures, 1)
    fine_tune(models(architectures, 1), architectures, good, SETTINGS, path)
    other_labels = Runs(-good.labels, good.train, good.validation, good.seeds)
    other_seed = Runs(good.labels, good.train, good.validation, [9])
    other_rows = Runs(good.labels, good.train[:, ::-1], good.validation, good.seeds)
    for made, all_runs, settings in (
        (models(architectures, 1), good, replace(SETTINGS, margin=0.1)),
        (models(architectures, 1), other_labels, SETTINGS),
        (models(architectures, 1), other_seed, SETTINGS),
        (models(architectures, 1), other_rows, SETTINGS),
        (models(architectures, 2)[1:], good, SETTINGS),
    ):
        with pytest.raises(ArchflowError, match=f"{path}: an unfinished run with other settings or data"):
            fine_tune(made, architectures, all_runs, settings, path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArchflowError, match=f"{path}: truncated, damaged"):
        fine_tune(models(architectures, 1), architectures, good, SETTINGS, path)


def test_the_models_that_were_given_are_left_as_they_were(architectures):
    for count in (1, 2):
        made = models(architectures, count, encoder=GIN)
        fine_tune(made, architectures, runs(architectures, count), SETTINGS)
        for model, fresh in zip(made, models(architectures, count, encoder=GIN), strict=True):
            for name, value in fresh.state_dict().items():
                assert torch.equal(model.state_dict()[name], value), name


@pytest.mark.parametrize("encoder", [GIN, PlainEncoder])
@pytest.mark.parametrize("epochs", [1, 6])
def test_a_training_that_diverges_is_refused(architectures, encoder, epochs):
    """It would return the weights that it began with, or those of some epoch before."""
    settings = replace(SETTINGS, epochs=epochs, learning_rate=1e38)
    with pytest.raises(ArchflowError, match=r"fine-tuning diverged: in epoch 1 .* give a learning rate below 1e\+38"):
        fine_tune(models(architectures, 2, encoder=encoder), architectures, runs(architectures, 2), settings)
