"""Each sentence of the verdict, from numbers that call for it."""

import pytest

from archflow.recipes.judging import BLEND, PLAIN
from archflow.recipes.verdict import verdict
from tests.recipes.evaluations import evaluation

GOOD = [0.70, 0.72, 0.71]


def said(start: str, *found) -> str:
    """The one sentence that begins so."""
    (sentence,) = [each for each in verdict(found) if each.startswith(start)]
    return sentence


def less(by: float, noise: float = 0.0) -> list[float]:
    return [value - by + noise * (draw - 1) for draw, value in enumerate(GOOD)]


def test_pairs_and_tau():
    found = evaluation({BLEND: GOOD, "boosted": less(0.1)})
    assert said("With 50", found) == (
        "With 50 labels the blend puts 86 of 100 pairs in the right order (chance: 50); its Kendall tau is 0.71 ± 0.01."
    )
    single = evaluation({BLEND: [0.7], "boosted": [0.6]})
    assert said("With 50", single).endswith("Kendall tau is 0.70.")


@pytest.mark.parametrize(("lower", "word"), [(False, "below"), (True, "above")])
def test_what_the_first_ten_are_worth(lower, word):
    found = evaluation({BLEND: GOOD, "boosted": less(0.1)}, lower_is_better=lower)
    assert said("The best of", found) == (
        f"The best of the ten that it puts first is 0.25 score {word} the best of all 4,000 (of ten at random, 2), and "
        "2 % of all are better."
    )


def test_the_best_of_all_is_named_so():
    found = evaluation({BLEND: GOOD, "boosted": less(0.1)}, regret=0.0, beaten=0.0)
    assert said("Among", found) == "Among the ten that it puts first is the best of all 4,000, in every draw."


@pytest.mark.parametrize(
    ("taus", "sentence"),
    [
        (
            {"line": less(0.0), "boosted": less(0.0)},
            "A line on costs alone ranks as well (0.71): structure adds nothing",
        ),
        ({"line": less(0.1), "ridge": less(0.01)}, "A linear model alone ranks as well (0.70)."),
        ({"boosted": less(0.01), "line": less(0.1)}, "Boosted trees alone rank as well (0.70)."),
        (
            {"boosted": less(0.01), PLAIN: less(0.0)},
            "Boosted trees alone rank as well (0.70): --recipe plain is enough.",
        ),
        (
            {"boosted": less(0.1), "networks": less(0.1), PLAIN: less(0.01)},
            "Without networks the blend ranks as well (0.70): --recipe plain is enough.",
        ),
        (
            {"boosted": less(0.1), "networks": less(0.02), PLAIN: less(0.06)},
            "Networks earn their time: without them Kendall tau is 0.06 lower (0.65).",
        ),
        (
            {"boosted": less(0.1), "networks": less(0.02), PLAIN: less(0.03, noise=0.05)},
            "Whether networks earn their time cannot be said yet: without them Kendall tau is 0.03 ± 0.03 lower.",
        ),
        ({"boosted": less(0.1)}, "Of the components, boosted trees alone rank best, behind the blend (0.61)."),
        ({"process": less(0.0)}, "Of the components, a Gaussian process alone ranks as well (0.71)."),
        ({"other": less(-0.1)}, "Of the components, other alone ranks better than the blend (0.81)."),
    ],
)
def test_whether_something_simpler_would_do(taus, sentence):
    assert any(each.startswith(sentence) for each in verdict([evaluation({BLEND: GOOD, **taus})]))


@pytest.mark.parametrize("taus", [[0.0, 0.01, -0.01], [0.3, -0.3, 0.1], [0.01]])
def test_nothing_beats_a_constant(taus):
    assert verdict([evaluation({BLEND: taus, "boosted": taus})]) == [
        "The order of score cannot be learnt from 50 labels: nothing beats a constant.",
        "Measure more, or name columns that are known before training with --features.",
    ]


def test_a_few_architectures_need_more_to_beat_chance():
    assert len(verdict([evaluation({BLEND: [0.2], "boosted": [0.2]}, judged=20)])) == 2
    assert len(verdict([evaluation({BLEND: [0.2], "boosted": [0.2]}, judged=2000)])) > 2


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({0.8: [0.79, 0.8, 0.81]}, "Intervals hold: they contain 80 % of values for 80 %."),
        ({0.8: [0.69, 0.7, 0.71]}, "Intervals are too narrow: they contain 70 % of values for 80 %."),
        ({0.8: [0.89, 0.9, 0.91]}, "Intervals are too wide: they contain 90 % of values for 80 %."),
        ({0.8: [0.6, 0.7, 0.8]}, "Intervals hold: they contain 70 % of values for 80 %."),
        ({0.5: [0.6, 0.6, 0.6], 0.95: [0.8, 0.8, 0.8]}, "Intervals miss what they promise"),
        (
            {0.5: [0.5] * 3, 0.8: [0.8] * 3, 0.95: [1.0] * 3},
            "Intervals for 95 % are too wide: they contain 50 % of values for 50 %, 80 %",
        ),
        ({}, "Intervals that hold 50 % or 80 % or 95 % need more labels."),
        ({0.5: [0.5] * 3, 0.8: [0.8] * 3}, "Intervals that hold 95 % need more labels."),
    ],
)
def test_whether_intervals_hold(held, sentence):
    found = evaluation({BLEND: GOOD, "boosted": less(0.1)}, held=held)
    assert any(each.startswith(sentence) for each in verdict([found]))


def test_whether_deviations_tell_errors_apart():
    taus = {BLEND: GOOD, "boosted": less(0.1)}
    assert "so are errors (rank correlation 0.30)" in said("Where", evaluation(taus))
    assert "hardly say" in said("Its standard", evaluation(taus, deviation=0.05))


@pytest.mark.parametrize(
    ("fewer", "sentence"),
    [
        (less(0.1), "More labels pay: from 25 to 100 of them, a doubling brought 0.05 ± 0.00 Kendall tau."),
        (less(0.01), "More labels bring little: from 25 to 100 of them"),
        (less(0.06, noise=0.08), "Whether more labels pay cannot be said yet: from 25 to 100 of them"),
    ],
)
def test_what_more_labels_bring(fewer, sentence):
    budgets = [evaluation({BLEND: own, "boosted": own}, n) for n, own in ((25, fewer), (100, GOOD))]
    assert verdict(budgets)[-1].startswith(sentence)
    assert not any("doubling" in each for each in verdict(budgets[1:]))
