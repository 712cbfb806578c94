import numpy as np

from archflow.predict.weights import correlations, stacked_weights

RNG = np.random.default_rng(5)
TARGETS = RNG.normal(size=200)


def guess(noise, scale=1.0, n=200):
    return scale * (TARGETS[:n] + noise * np.random.default_rng(int(100 * noise)).normal(size=n))


def test_the_better_of_two_counts_more():
    good, bad = guess(0.3), guess(2.0)
    weights = stacked_weights(np.stack([good, bad]), TARGETS)
    assert weights[0] > 4 * weights[1] >= 0


def test_two_of_equal_worth_count_alike():
    weights = stacked_weights(np.stack([guess(0.81), guess(0.8)]), TARGETS)
    assert abs(weights[0] / weights[1] - 1) < 0.3


def test_what_knows_nothing_has_no_weight():
    nothing, backwards, constant = RNG.permutation(TARGETS), -guess(0.5), np.ones(200)
    nothing -= correlations(nothing[None], TARGETS)[0] * TARGETS
    weights = stacked_weights(np.stack([guess(0.5), nothing, backwards, constant]), TARGETS)
    assert weights[0] > 0
    assert not weights[1:].any()
    assert not stacked_weights(np.stack([backwards, constant]), TARGETS).any()


def test_weights_make_the_sum_fit_the_targets_whatever_the_scale_of_a_component():
    for scale in (0.1, 10.0):
        weights = stacked_weights(np.stack([guess(0.5, scale), guess(0.6, scale)]), TARGETS)
        blend = weights @ np.stack([guess(0.5, scale), guess(0.6, scale)])
        assert abs(np.polyfit(blend, TARGETS, 1)[0] - 1) < 0.05


def test_odds_count_while_there_are_few_labels():
    few, many = (
        stacked_weights(np.stack([guess(0.81, n=n), guess(0.8, n=n)]), TARGETS[:n], [1.0, 4.0]) for n in (12, 200)
    )
    assert few[1] / few[0] > 1.5
    assert abs(np.log(many[1] / many[0])) < np.log(few[1] / few[0])


def test_few_labels_draw_weights_towards_equal_ones():
    few, many = (stacked_weights(np.stack([guess(0.8, n=n), guess(1.2, n=n)]), TARGETS[:n]) for n in (12, 200))
    assert abs(np.log(few[0] / few[1])) < abs(np.log(many[0] / many[1]))
