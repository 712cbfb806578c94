import numpy as np
import pytest

from archflow.predict.folds import FEW, FOLDS, Folds


@pytest.mark.parametrize("labels", [5, 7, 10, 11, 30, 59, 60, 61, 100, 503])
def test_every_label_is_tested_equally_often_and_models_learn_from_equally_many(labels):
    folds = Folds.of(labels, 3)
    assert len(folds) == min(labels, FOLDS)
    assert folds.held.shape == folds.tested.shape == (len(folds), labels)
    assert len(np.unique(folds.tested.sum(0))) == 1, "every label counts alike"
    assert (folds.tested.sum(0) == (1 if labels < FEW else 2)).all()
    assert not (folds.tested & ~folds.held).any(), "no model is tested on what it learns from"
    assert folds.train.shape == (len(folds), labels - folds.held.sum(1)[0])
    for own, train in zip(folds.held, folds.train, strict=True):
        assert set(train) == set(np.flatnonzero(~own))


def test_a_model_may_do_without_a_tenth_of_few_labels_and_a_fifth_of_many():
    assert Folds.of(30, 0).held.sum(1).max() == 3
    assert Folds.of(100, 0).held.sum(1).max() == 20


def test_the_seed_decides():
    first, same, other = (Folds.of(40, seed).tested for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_predictions_of_models_that_learnt_a_label_do_not_count():
    folds = Folds.of(100, 0)
    predictions = np.where(folds.tested, np.arange(100.0), np.nan)
    np.testing.assert_array_equal(folds.unseen(np.where(folds.tested, predictions, 1e9)), np.arange(100.0))
