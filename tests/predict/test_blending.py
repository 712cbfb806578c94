import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.blending import Blend, signs_of
from archflow.predict.components.base import Guess
from archflow.predict.folds import Folds


def guesses_of(n, seed=0):
    """Targets, and what three components say of them: one that is right where it says that it is sure, one that errs
    everywhere alike, and one that knows nothing."""
    rng = np.random.default_rng(seed)
    targets, unsure = rng.normal(size=n), rng.choice([0.1, 1.5], n)
    folds = Folds.of(n, seed)
    shape = (len(folds), n)
    fine = Guess(targets + unsure * rng.normal(size=n) * np.ones(shape), unsure * np.ones(shape))
    rough = Guess(targets + rng.normal(size=n) * np.ones(shape), np.full(shape, np.nan))
    nothing = Guess(rng.normal(size=shape), np.full(shape, np.nan))
    return targets, folds, [fine, rough, nothing], unsure


def test_what_knows_nothing_has_no_share_and_deviations_tell_errors_apart():
    targets, folds, guesses, unsure = guesses_of(300)
    blend, score = Blend.of(guesses, targets, folds)
    assert score.shares[2] < 0.1
    assert min(score.shares[:2]) > 0.1
    assert abs(sum(score.shares) - 1) < 1e-9
    assert score.blend > max(score.components) - 0.02
    means, deviations = blend(guesses)
    assert means.shape == (len(folds), 300)
    assert deviations.shape == (300,)
    assert deviations[unsure > 1].mean() > 1.25 * deviations[unsure < 1].mean()


def test_a_label_of_a_fold_does_not_decide_how_unsure_its_others_are(monkeypatch):
    """Planted labels: one label of a fold is garbage, and with the same weights the others have the same ratios."""
    targets, folds, guesses, _ = guesses_of(60)
    garbage, row = targets.copy(), int(np.flatnonzero(folds.tested[0])[0])
    garbage[row] += 1e4
    monkeypatch.setattr("archflow.predict.blending.stacked_weights", lambda *_: np.array([0.3, 0.3, 0.0]))
    before, after = (Blend.of(guesses, labels, folds)[0].conformal for labels in (targets, garbage))
    _, labels = np.nonzero(folds.tested)
    of_fold = (before.models == 0) & (labels != row)
    assert of_fold.sum() > 5
    np.testing.assert_array_equal(before.ratios[of_fold], after.ratios[of_fold])
    assert (before.ratios[before.models == 1] != after.ratios[after.models == 1]).any()


def test_where_nothing_is_known_predictions_hardly_leave_the_mean():
    rng = np.random.default_rng(0)
    folds = Folds.of(100, 0)
    targets = rng.normal(size=100)
    wrong = Guess(-targets * np.ones((len(folds), 1)), np.full((len(folds), 100), np.nan))
    blend, score = Blend.of([wrong, wrong], targets, folds)
    assert score.blend < 0
    assert np.abs(blend([wrong, wrong])[0]).max() < 0.5


def test_components_that_agree_are_surer_than_those_that_do_not():
    mean = np.zeros((2, 3))
    apart = Guess(np.array([[0.0, 1.0, 2.0]] * 2), np.full((2, 3), np.nan))
    signs = signs_of([Guess(mean, np.full((2, 3), np.nan)), apart], np.ones(2))
    assert (np.diff(signs[0, :, 1]) > 0).all()
    assert signs.shape == (2, 3, 4)


@pytest.mark.parametrize("weights", [[0.0, 1.0], [-1.0, 1.0], [1.0, 1e300], [1.0, np.nan]])
def test_a_blend_of_a_file_has_weights_that_can_be(weights):
    targets, folds, guesses, _ = guesses_of(40)
    blend, _ = Blend.of(guesses, targets, folds)
    with pytest.raises(ArchflowError, match="weights"):
        Blend.restored(np.array(weights), blend.spread, blend.conformal)
