"""Networks for every fold: nothing of the labels that they hold out, the same after an interruption and from a file."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import create
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.graph.table import Table
from archflow.predict.components import COMPONENTS, Lesson, networks
from archflow.predict.components.networks import ODDS, USUAL, FittedNetworks, Networks
from archflow.predict.context import CONTEXT
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.predict.rank_scale import normal_scores
from archflow.predict.seen import Seen
from archflow.testing import random_architectures
from tests.predict.learnable import PlainEncoder, target

SETTINGS = {"epochs": 3, "steps": 1, "batch_size": 8}


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def embedders(architectures) -> list[Embedder]:
    """Two of one kind that see different forms, and one of another size."""
    return [
        create("gin", architectures, width=8, seed=1),
        create("gin", architectures, width=8, seed=2, view="contracted"),
        create("gin", architectures, width=6, seed=3),
    ]


def lesson(architectures, embedders, labels: int = 24, **changes) -> Lesson:
    """The first architectures are labelled, all are usual."""
    table = Table(architectures)
    known = Seen(table.select(np.arange(labels)), embedders, {})
    y = target(architectures)[:labels]
    targets = (y - y.mean()) / y.std()
    return replace(Lesson(known, targets, Folds.of(labels, 3), Seen(table, embedders, {}), seed=5), **changes)


def seen(architectures, embedders) -> Seen:
    return Seen(Table(architectures), embedders, {})


def test_they_learn_what_can_be_learnt():
    """Better than chance by far on architectures without a label, and standardised on the usual ones."""
    many = random_architectures(120, seed=3)
    embedder = create("gin", many, width=8, readout="sum")
    fitted = Networks(epochs=15, steps=1, batch_size=16).fit(lesson(many, [embedder], 60))
    guess = fitted(seen(many, [embedder]))
    assert guess.mean.shape == guess.std.shape == (10, 120)
    assert np.isnan(guess.std).all()
    np.testing.assert_allclose(guess.mean.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(guess.mean.std(1), 1, atol=1e-5)
    assert kendall_tau(guess.mean.mean(0)[60:], target(many)[60:]) > 0.4


def test_for_an_order_their_scores_are_normal_and_they_have_a_head_start_without_a_context():
    many = random_architectures(300, seed=3)
    given_lesson = lesson(many, [create("gin", many, width=8, readout="sum")], 60, ranks=True)
    component = Networks(epochs=15, steps=1, batch_size=16)
    found = np.sort(component.fit(given_lesson)(given_lesson.usual).mean, 1)
    expected = normal_scores(np.arange(300.0))
    assert (np.abs(found - expected).mean(1) < 0.15).all()
    assert component.odds(given_lesson) == ODDS > component.odds(replace(given_lesson, ranks=False)) == 1
    with_context = Seen(Table(many), [], {CONTEXT: FEATURES.get("counts").of(Table(many))})
    assert component.odds(replace(given_lesson, usual=with_context)) == 1


@pytest.mark.parametrize("indices", [(0,), (1, 0), (2, 0, 1), ()])
def test_every_model_starts_from_its_embedder(architectures, embedders, indices):
    """With a rate of nearly zero the encoders stay what they were."""
    fitted = Networks(indices, epochs=1, steps=1, learning_rate=1e-30, weight_decay=0.0).fit(
        lesson(architectures, embedders)
    )
    assert len(fitted.models) == 10
    among = indices or (0, 1, 2)
    for f, model in enumerate(fitted.models):
        assert fitted.chosen[f] == among[f % len(among)]
        start = embedders[fitted.chosen[f]].encoder.state_dict()
        for name, value in model.encoder.state_dict().items():
            np.testing.assert_allclose(value, start[name], atol=1e-20)
    assert len({float(model.head.out.weight.detach()[0, 0, 0]) for model in fitted.models}) == 10


def test_a_model_never_looks_at_the_labels_that_it_holds_out(architectures, embedders):
    given_lesson = lesson(architectures, embedders)
    fitted = Networks((0, 1), **SETTINGS).fit(given_lesson)
    held = given_lesson.folds.held[4]
    changed = np.where(held, -7 * given_lesson.targets, given_lesson.targets)
    again = Networks((0, 1), **SETTINGS).fit(replace(given_lesson, targets=changed))
    same = [
        all(np.array_equal(a, b) for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))
        for ours, theirs in zip(fitted.models, again.models, strict=True)
    ]
    learnt_from = ~given_lesson.folds.held[:, held].all(1)
    assert same[4]
    assert learnt_from.sum() > 5
    assert not any(np.array(same)[learnt_from])


def test_a_row_does_not_depend_on_the_others(architectures, embedders):
    fitted = Networks(**SETTINGS).fit(lesson(architectures, embedders))
    rows = np.array([7, 3, 50])
    alone = fitted(seen(architectures.select(rows), embedders)).mean
    np.testing.assert_allclose(alone, fitted(seen(architectures, embedders)).mean[:, rows], atol=1e-4)


def test_reports_count_every_architecture_once(architectures, embedders):
    fitted = Networks(**SETTINGS).fit(lesson(architectures, embedders))
    counts: list[int] = []
    fitted(seen(architectures, embedders), counts.append)
    assert sum(counts) == len(architectures)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_few_labels_are_enough(architectures, embedders, count):
    guess = Networks(**SETTINGS).fit(lesson(architectures, embedders, count))(seen(architectures, embedders))
    assert guess.mean.shape == (count, 60)
    assert np.isfinite(guess.mean).all()


def test_few_labels_are_passed_over_more_often(architectures, embedders):
    """12 labels, of which 10 are learnt from: two batches of eight an epoch."""
    done: list[int] = []
    given_lesson = lesson(architectures, embedders[:1], 12, on_epoch=done.append)
    Networks(epochs=3, steps=9, batch_size=8).fit(given_lesson)
    assert done == [1, 2, 3, 4, 5]


def test_equal_labels_tell_nothing_and_break_nothing(architectures, embedders):
    given_lesson = lesson(architectures, embedders)
    guess = Networks(**SETTINGS).fit(replace(given_lesson, targets=np.zeros(24)))(seen(architectures, embedders))
    assert np.isfinite(guess.mean).all()


def test_architectures_that_are_all_alike_score_alike(architectures, embedders):
    alike = architectures.select(np.zeros(30, np.int64))
    given_lesson = replace(lesson(architectures, embedders), usual=seen(alike, embedders))
    guess = Networks(**SETTINGS).fit(given_lesson)(seen(alike, embedders))
    np.testing.assert_allclose(guess.mean, 0, atol=1e-3)


def test_the_scale_is_that_of_a_part_of_many(embedders, architectures):
    many = random_architectures(USUAL + 500, seed=4)
    given_lesson = lesson(architectures, embedders[:1], 12)
    fitted = Networks(**SETTINGS).fit(replace(given_lesson, usual=seen(many, embedders[:1])))
    scores = fitted(seen(many, embedders[:1])).mean
    np.testing.assert_allclose(scores.std(1), 1, atol=0.1)


def test_encoders_that_do_not_stack(architectures):
    plain = Embedder(PlainEncoder(len(architectures.vocabulary)), Preparation.of(architectures))
    given_lesson = lesson(architectures, [plain], 6)
    fitted = Networks(**SETTINGS).fit(given_lesson)
    guess = fitted(seen(architectures, [plain])).mean
    assert guess.shape == (6, 60)
    restored = FittedNetworks.restored(fitted.arrays(), given_lesson.usual, 6)
    np.testing.assert_array_equal(restored(seen(architectures, [plain])).mean, guess)


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_a_killed_fit_goes_on_to_the_same_result(architectures, embedders, tmp_path, epoch, monkeypatch):
    """Two groups of three epochs each; the state is kept after every one."""
    often = partial(networks.fine_tune, checkpoint_every=1)
    monkeypatch.setattr(networks, "fine_tune", often)

    def kill(now: int) -> None:
        if now == epoch:
            raise Killed

    given_lesson = replace(lesson(architectures, embedders), checkpoint=tmp_path / "state")
    expected = Networks(**SETTINGS).fit(replace(given_lesson, checkpoint=None)).arrays()
    with pytest.raises(Killed):
        Networks(**SETTINGS).fit(replace(given_lesson, on_epoch=kill))
    reports: list[int] = []
    arrays = Networks(**SETTINGS).fit(replace(given_lesson, on_epoch=reports.append)).arrays()
    assert reports[-1] == 6
    assert reports == sorted(reports)
    for name, value in expected.items():
        np.testing.assert_array_equal(arrays[name], value, name)
    with pytest.raises(ArchflowError, match="an unfinished run with other settings or data"):
        Networks(**SETTINGS).fit(replace(given_lesson, targets=-given_lesson.targets))


def test_what_is_kept_gives_the_same_scores(architectures, embedders):
    given_lesson = lesson(architectures, embedders)
    fitted = Networks(**SETTINGS).fit(given_lesson)
    few = given_lesson.usual.select(np.arange(2))
    restored = FittedNetworks.restored(fitted.arrays(), few, 10)
    everything = seen(architectures, embedders)
    np.testing.assert_array_equal(restored(everything).mean, fitted(everything).mean)


HOSTILE = {
    "no embedders": lambda arrays: arrays.pop("chosen"),
    "an embedder that is not there": lambda arrays: arrays.update(chosen=np.full(10, 3)),
    "a negative embedder": lambda arrays: arrays.update(chosen=np.full(10, -1)),
    "half an embedder": lambda arrays: arrays.update(chosen=np.full(10, 0.5)),
    "another embedder": lambda arrays: arrays.update(chosen=np.roll(arrays["chosen"], 1)),
    "too few": lambda arrays: arrays.update(chosen=arrays["chosen"][:9]),
    "no points": lambda arrays: arrays.pop("points"),
    "points of another shape": lambda arrays: arrays.update(points=np.zeros((10, 1))),
    "points that are no numbers": lambda arrays: arrays["points"].fill(np.nan),
    "words": lambda arrays: arrays.update(points=np.full(arrays["points"].shape, "0")),
    "points that do not rise": lambda arrays: arrays["points"].fill(0),
    "endless values": lambda arrays: arrays["values"].fill(np.inf),
    "a straight scale of nothing": lambda arrays: arrays.update(centre=np.zeros(10), scale=np.zeros(10)),
    "no model": lambda arrays: [arrays.pop(name) for name in list(arrays) if name.startswith("model.3.")],
    "one more": lambda arrays: arrays.update({"model.10.head.out.bias": np.zeros((1, 1), np.float32)}),
    "no weight": lambda arrays: arrays.pop("model.3.head.out.weight"),
    "a weight too many": lambda arrays: arrays.update({"model.3.other": np.zeros(1, np.float32)}),
    "a weight of another shape": lambda arrays: arrays.update(
        {"model.3.head.out.weight": np.zeros((1, 4, 1), np.float32)}
    ),
    "whole weights": lambda arrays: arrays.update({"model.3.head.out.weight": np.zeros((1, 8, 1), np.int64)}),
    "an endless weight": lambda arrays: arrays["model.3.head.out.weight"].fill(np.inf),
    "a huge weight": lambda arrays: [
        arrays[name].fill(1e38) for name in arrays if name.startswith("model.3.") and name.endswith("weight")
    ],
}


@pytest.mark.parametrize("damage", HOSTILE)
def test_arrays_that_no_networks_gave_are_refused(architectures, embedders, damage):
    given_lesson = lesson(architectures, embedders)
    arrays = {
        name: value.copy() for name, value in Networks((0, 2), epochs=1, steps=1).fit(given_lesson).arrays().items()
    }
    HOSTILE[damage](arrays)
    with pytest.raises(ArchflowError, match=r"(fit|make the file|train) again"):
        FittedNetworks.restored(arrays, given_lesson.usual.select(np.arange(3)), 10)


def test_earlier_files_have_a_straight_scale(architectures, embedders):
    given_lesson = lesson(architectures, embedders)
    arrays = dict(Networks(**SETTINGS).fit(given_lesson).arrays())
    del arrays["points"], arrays["values"]
    few, everything = given_lesson.usual.select(np.arange(3)), seen(architectures, embedders)
    centre, scale = np.arange(10.0), np.full(10, 2.0)
    raw = FittedNetworks.restored({**arrays, "centre": np.zeros(10), "scale": np.ones(10)}, few, 10)(everything).mean
    straight = FittedNetworks.restored({**arrays, "centre": centre, "scale": scale}, few, 10)(everything).mean
    np.testing.assert_allclose(straight, (raw - centre[:, None]) / 2, rtol=1e-6, atol=1e-9)


def test_an_embedder_that_is_not_there_is_named(architectures, embedders):
    with pytest.raises(ArchflowError, match=r"asked for embedders \[0, 3\], but there are 3"):
        Networks((0, 3)).fit(lesson(architectures, embedders))
    assert not Networks().applies(lesson(architectures, []))
    assert Networks().applies(lesson(architectures, embedders))


def test_weights_that_are_no_numbers_are_refused(architectures):
    embedder = create("gin", architectures, width=8)
    next(embedder.encoder.parameters()).data.fill_(np.nan)
    with pytest.raises(ArchflowError, match="not finite numbers"):
        Networks().fit(lesson(architectures, [embedder]))


def test_too_many_for_the_memory_are_refused(architectures, embedders, monkeypatch):
    monkeypatch.setattr("archflow.memory.available", lambda: 10_000)
    with pytest.raises(ArchflowError, match="networks: 10 of them: takes at least"):
        Networks().fit(lesson(architectures, embedders))


def test_a_training_that_diverges_is_refused(architectures, embedders):
    with pytest.raises(ArchflowError, match="diverged"):
        Networks(epochs=1, steps=1, batch_size=64, learning_rate=1e38).fit(lesson(architectures, embedders))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "embedders": st.lists(st.integers(0, 9), max_size=3),
            "epochs": st.integers(1, 1000),
            "batch_size": st.integers(2, 100),
            "learning_rate": st.floats(1e-9, 1),
            "margin": st.floats(0, 5),
        },
    )
)
def test_a_component_is_made_again_of_its_settings(settings):
    made = COMPONENTS.get("networks")(**settings)
    again = type(made)(**made.config)
    assert (again.config, again.settings, again.objective) == (made.config, made.settings, made.objective)
    assert {name: made.config[name] for name in settings} == settings


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch_size": 1}, {"steps": 0}, {"margin": np.nan}, {"embedders": [-1]}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ArchflowError, match="must be a"):
        Networks(**wrong)
