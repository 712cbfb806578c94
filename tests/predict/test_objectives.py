"""Losses by their definitions; what each objective selects by, predicts, and refuses."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau
from torch import Tensor

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.predict.metrics import mape
from archflow.predict.objectives import (
    BPR,
    OBJECTIVES,
    ConsistentRelative,
    Hinge,
    ListMLE,
    Log,
    Objective,
    PositiveOutput,
    Ranking,
    Relative,
    RelativeSquared,
    Squared,
    describe_objective,
    one_for_each,
    rebuild_objective,
)
from tests.predict.learnable import target

RNG = np.random.default_rng(0)
LABELS = np.exp(RNG.normal(size=(3, 8)))
SCORES = RNG.normal(size=(3, 8))
RANKINGS = ("bpr", "hinge", "listmle")
REGRESSIONS = ("consistent_relative", "log", "relative", "relative_squared", "squared")


def loss(objective: Objective, scores=SCORES, labels=LABELS) -> np.ndarray:
    """(K,) of the objective, scaled to the labels."""
    objective = objective.scaled_to(labels[np.isfinite(labels)])
    targets = np.stack([objective.targets(row) for row in labels])
    return objective.loss(torch.tensor(scores), torch.tensor(targets)).numpy()


def test_there_are_the_built_in_objectives():
    assert OBJECTIVES.names() == sorted([*RANKINGS, *REGRESSIONS])


def pairs(labels: np.ndarray) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(labels)) for j in range(len(labels)) if labels[i] > labels[j]]


def test_ranking_losses_are_their_definitions():
    for k in range(3):
        s, better = SCORES[k], pairs(LABELS[k])
        hinge = np.mean([max(0, 0.3 - (s[i] - s[j])) for i, j in better])
        bpr = np.mean([np.log1p(np.exp(-(s[i] - s[j]))) for i, j in better])
        ranked = s[np.argsort(-LABELS[k])]
        listmle = np.mean([np.log(np.exp(ranked[i:]).sum()) - ranked[i] for i in range(8)])
        assert loss(Hinge(margin=0.3))[k] == pytest.approx(hinge)
        assert loss(BPR())[k] == pytest.approx(bpr)
        assert loss(ListMLE())[k] == pytest.approx(listmle)


def test_regression_losses_are_their_definitions():
    log, spread = np.log(LABELS), np.log(LABELS).std()
    standardised = (LABELS - LABELS.mean()) / LABELS.std()
    assert loss(Squared()) == pytest.approx(np.square(SCORES - standardised).mean(1))
    assert loss(Log()) == pytest.approx(np.square(SCORES - (log - log.mean()) / spread).mean(1))
    near = (log - log.mean()) / spread + 0.1 * SCORES
    relative = np.abs(np.exp(log.mean() + spread * near) / LABELS - 1).mean(1)
    assert loss(Relative(), near) == pytest.approx(relative / spread)


def test_positive_outputs_are_their_definitions():
    centre = np.exp(np.log(LABELS).mean())
    for kind in (RelativeSquared, ConsistentRelative):
        for lower in (False, True):
            objective = kind(lower_is_better=lower)
            predicted = centre * np.log1p(np.exp(-SCORES if lower else SCORES))
            assert loss(objective) == pytest.approx(np.square(predicted / LABELS - 1).mean(1))
            fitted = objective.scaled_to(LABELS.ravel())
            outputs = fitted.from_scale(fitted.outputs(SCORES.ravel(), np.zeros(0)))
            assert outputs == pytest.approx(predicted.ravel())
            errors = fitted.selection_score(SCORES, np.stack([fitted.targets(row) for row in LABELS]))
            assert errors == pytest.approx(-np.abs(predicted / LABELS - 1).mean(1))


def test_two_passes_agree():
    """(p1/y - 1)^2 + (p2/y - 1)^2 and how far the two are apart, in units of the centre."""
    objective = ConsistentRelative(agreement=0.5).scaled_to(LABELS.ravel())
    first, second = np.log1p(np.exp(SCORES[:, :4])), np.log1p(np.exp(SCORES[:, 4:]))
    labels = LABELS[:, :4] / objective.centre
    targets = objective.targets(np.concatenate([LABELS[:, :4], LABELS[:, :4]], 1))
    found = objective.loss(torch.tensor(SCORES), torch.tensor(targets)).numpy()
    squares = np.square(first / labels - 1).mean(1) + np.square(second / labels - 1).mean(1)
    assert found == pytest.approx(squares + 0.5 * np.abs(first - second).mean(1))


def test_an_absurd_relative_error_does_not_explode():
    far = torch.tensor([[60.0, 0.0]], requires_grad=True)
    Relative().loss(far, torch.zeros(1, 2)).sum().backward()
    assert far.grad is not None
    assert 0 < far.grad[0, 0] < 2


@pytest.mark.parametrize("name", [*RANKINGS, *REGRESSIONS])
def test_a_missing_label_is_a_row_less(name):
    gaps = LABELS.copy()
    gaps[0, 3], gaps[1] = np.nan, np.nan
    objective = OBJECTIVES.get(name)().scaled_to(LABELS[np.isfinite(gaps)])
    targets = torch.tensor(np.stack([objective.targets(row) for row in gaps]))
    scores = torch.tensor(SCORES, requires_grad=True)
    found = objective.loss(scores, targets)
    present = torch.tensor(np.delete(np.arange(8), 3))
    alone = objective.loss(scores[:1, present], targets[:1, present])
    assert found[0].item() == pytest.approx(alone.item())
    assert found[1].item() == 0
    found.sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    assert (scores.grad[0, 3] == 0) & (scores.grad[1] == 0).all()
    selected = objective.selection_score(SCORES, targets.numpy())
    assert selected[0] == pytest.approx(objective.selection_score(SCORES[:1, present], targets[:1, present].numpy())[0])
    assert selected[1] == 0


@pytest.mark.parametrize("name", RANKINGS)
def test_a_ranking_depends_on_the_order_of_labels_alone(name):
    objective = OBJECTIVES.get(name)()
    for other in (np.exp(LABELS), 1e9 + np.argsort(np.argsort(LABELS, 1), 1), LABELS / 1e300):
        assert (loss(objective, labels=other) == loss(objective)).all()
    tied = np.where(LABELS > 1, 1.0, LABELS)
    targets = objective.targets(tied[0])
    assert (np.sign(targets[:, None] - targets) == np.sign(tied[0][:, None] - tied[0])).all()


@pytest.mark.parametrize("name", [*RANKINGS, *REGRESSIONS])
def test_low_is_good_where_it_is_said(name):
    high, low = (OBJECTIVES.get(name)(lower_is_better=lower).scaled_to(LABELS.ravel()) for lower in (False, True))
    best, worst = LABELS[0].argmax(), LABELS[0].argmin()
    for objective, good, bad in ((high, best, worst), (low, worst, best)):
        targets = objective.targets(LABELS[0])
        assert targets[good] == targets.max()
        assert targets[bad] == targets.min()
        assert objective.selection_score(targets[None], targets[None])[0] == pytest.approx(1 if name in RANKINGS else 0)
        # Scores that are exactly right come out as the labels, in their own unit and sign.
        found = objective.from_scale(objective.outputs(targets, objective.output_map(targets, LABELS[0])))
        assert found.argmax() == best
        if name in REGRESSIONS:
            np.testing.assert_allclose(found, LABELS[0])


def test_regressions_are_selected_by_their_errors():
    squared, log = Squared().scaled_to(LABELS.ravel()), Log(lower_is_better=True).scaled_to(LABELS.ravel())
    targets = squared.targets(LABELS[0])
    errors = (squared.outputs(SCORES[0], np.zeros(0)) - LABELS[0]) / LABELS.std()
    assert squared.selection_score(SCORES[:1], targets[None])[0] == pytest.approx(-np.sqrt(np.mean(errors**2)))
    values = log.from_scale(log.outputs(SCORES[0], np.zeros(0)))
    found = log.selection_score(SCORES[:1], log.targets(LABELS[0])[None])[0]
    assert found == pytest.approx(-mape(values, LABELS[0]))


def test_objectives_come_back_from_their_descriptions():
    for objective in (Hinge(margin=0.1), BPR(lower_is_better=True), Log().scaled_to(LABELS.ravel())):
        assert rebuild_objective(describe_objective(objective)) == objective

    with pytest.raises(ArchflowError, match=r"lowest: should be greater than or equal to -1e\+304; fit again"):
        rebuild_objective({"name": "bpr", "lowest": -1e308})

    class Nameless(BPR):
        pass

    with pytest.raises(ArchflowError, match=r"Nameless has no name; register it with @OBJECTIVES\.register"):
        describe_objective(Nameless())


def test_one_objective_for_all_metrics_or_one_for_each():
    assert one_for_each("log", 2) == [Log(), Log()]
    assert one_for_each([Hinge(), "squared"], 2) == [Hinge(), Squared()]
    with pytest.raises(ArchflowError, match="2 objectives for 3 metrics; give one, or one for each metric"):
        one_for_each(["log", "log"], 3)
    with pytest.raises(ArchflowError, match=r"no objective is called 'hing'; did you mean 'hinge'"):
        one_for_each("hing", 1)


QUICK = FineTuneSettings(epochs=15, learning_rate=5e-3)
LONGER = FineTuneSettings(epochs=60, learning_rate=1e-2)
"""For squares of relative errors, which first of all make every prediction small."""


def fitted(architectures, y, objective, **options) -> NetworkPredictor:
    embedder = create("gin", architectures, seed=0, width=16)
    settings = LONGER if isinstance(objective, PositiveOutput) else QUICK
    predictor = NetworkPredictor(embedder, members=2, objective=objective, settings=settings)
    predictor.fit(architectures, y, **options)
    return predictor


@pytest.mark.parametrize("name", [*RANKINGS, *REGRESSIONS])
def test_every_objective_learns(architectures, name, tmp_path):
    """Latencies over two decades: predicted in their unit, the low ones first."""
    y = np.exp(2 * target(architectures))
    predictor = fitted(architectures, y, OBJECTIVES.get(name)(lower_is_better=True), metrics=["ms"])
    mean, std = predictor.predict(architectures)
    assert kendalltau(mean, y).statistic > 0.6
    assert np.isfinite(std).all()
    predictor.save(tmp_path)
    loaded = NetworkPredictor.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(architectures), (mean, std))
    assert loaded.objectives == predictor.objectives
    assert loaded.objectives[0].lower_is_better
    if name in ("log", "relative"):
        assert (mean > 0).all()
        assert all((end > 0).all() for end in predictor.interval(architectures, 0.8))
        assert mape(mean, y) < 0.6 * mape(np.full(len(y), y.mean()), y)


def test_metrics_with_objectives_of_their_own(architectures):
    accuracy, latency = target(architectures), np.exp(architectures.edge_counts / 2)
    objectives = [Hinge(), Log(lower_is_better=True)]
    predictor = fitted(architectures, np.stack([accuracy, latency], 1), objectives, metrics=["accuracy", "ms"])
    mean, _ = predictor.predict(architectures)
    assert kendalltau(mean[:, 0], accuracy).statistic > 0.5
    assert kendalltau(mean[:, 1], latency).statistic > 0.5
    assert (mean[:, 1] > 0).all()
    assert [objective.lower_is_better for objective in predictor.objectives] == [False, True]


def test_labels_that_have_no_relative_error_are_refused(architectures):
    y = target(architectures) + 10
    y[7] = -2
    with pytest.raises(ArchflowError, match=r"labels of ms: -2 is not positive .* learn it by 'squared'"):
        fitted(architectures, y, "log", metrics=["ms"])
    held = (architectures, np.where(y < 0, 1.0, -y))
    with pytest.raises(ArchflowError, match="is not positive"):
        fitted(architectures, np.abs(y), "relative", validation=held)


def test_one_file_adds_an_objective(architectures, tmp_path):
    """What a user writes: a loss. The rest is that of rankings."""

    @OBJECTIVES.register("pairwise exponential")
    @dataclass(frozen=True)
    class PairwiseExponential(Ranking):
        steepness: float = 1.0

        def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
            is_pair = targets[..., :, None] > targets[..., None, :]
            losses = torch.exp(self.steepness * (scores[..., None, :] - scores[..., :, None])) * is_pair
            return losses.sum((-2, -1)) / is_pair.sum((-2, -1)).clamp(min=1)

    try:
        y = target(architectures)
        predictor = fitted(architectures, y, "pairwise exponential")
        assert kendalltau(predictor.predict(architectures).mean, y).statistic > 0.6
        predictor.save(tmp_path)
        assert NetworkPredictor.load(tmp_path).objectives == [PairwiseExponential().spanning(y)]
    finally:
        del OBJECTIVES._parts["pairwise exponential"]


@pytest.mark.parametrize("objective", ["log", "relative"])
def test_latencies_of_real_networks(data_folder, objective):
    """FBNet on a Raspberry Pi, 100 labels: far closer than the mean, on 2,000 others."""
    table = read_table(data_folder / "fbnet_latency.parquet")
    rows = np.random.default_rng(0).permutation(len(table))[:2100]
    known, rest = table.select(rows[:100]), table.select(rows[100:])
    embedder = create("mlp", table, seed=0, width=32)
    predictor = NetworkPredictor(
        embedder, objective=objective, settings=FineTuneSettings(epochs=60, learning_rate=3e-3), seed=0
    )
    predictor.fit(known, metrics=["raspi4_ms"])
    truth = rest.metric("raspi4_ms")
    of_mean = mape(np.full(len(rest), known.metric("raspi4_ms").mean()), truth)
    assert mape(predictor.predict(rest).mean, truth) < 0.65 * of_mean
