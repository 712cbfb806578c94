import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.pretext.ranking_loss import pairwise_hinge

scores = st.floats(-3, 3, width=32)
values = st.one_of(st.just(float("nan")), st.integers(-2, 2).map(float))  # ties and missing ones are common
rows = st.lists(st.tuples(scores, values), min_size=1, max_size=7)


def loops(score: list[float], value: list[float], margin: float) -> float:
    terms = [
        max(0.0, margin - (score[i] - score[j]))
        for i in range(len(score))
        for j in range(len(score))
        if value[i] > value[j]
    ]
    return float(np.mean(terms)) if terms else 0.0


@given(rows, st.sampled_from([0.1, 0.5, 2.0]))
def test_the_loss_is_the_mean_over_ordered_pairs(pairs, margin):
    score, value = (list(column) for column in zip(*pairs, strict=True))
    found = pairwise_hinge(torch.tensor(score), torch.tensor(value), margin)
    np.testing.assert_allclose(float(found), loops(score, value, margin), rtol=1e-5, atol=1e-6)


@given(rows)
def test_a_missing_value_gets_no_gradient_and_changes_none(pairs):
    score, value = (torch.tensor(column) for column in zip(*pairs, strict=True))
    score.requires_grad_()
    (gradient,) = torch.autograd.grad(pairwise_hinge(score, value, 0.5), score)
    present = ~value.isnan()
    assert not gradient[~present].any()
    alone = score.detach()[present].requires_grad_()
    (expected,) = torch.autograd.grad(pairwise_hinge(alone, value[present], 0.5), alone)
    torch.testing.assert_close(gradient[present], expected)


def test_leading_axes_are_runs_of_their_own():
    score, value = torch.randn(3, 2, 6), torch.randint(0, 4, (3, 2, 6)).float()
    value[0, 0] = float("nan")
    found = pairwise_hinge(score, value, 0.5)
    assert found.shape == (3, 2)
    for k in range(3):
        for m in range(2):
            expected = loops(score[k, m].tolist(), value[k, m].tolist(), 0.5)
            np.testing.assert_allclose(float(found[k, m]), expected, rtol=1e-5)


def test_a_ranking_with_margin_to_spare_costs_nothing():
    assert float(pairwise_hinge(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 5.0, 9.0]), 0.5)) == 0
    assert float(pairwise_hinge(torch.tensor([2.0, 1.0, 0.0]), torch.tensor([1.0, 5.0, 9.0]), 0.5)) > 1
