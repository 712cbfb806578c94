"""The recipe's figures where they are known: from an oracle, and from labels of the test that are garbage."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from archflow.data.splits import Split
from archflow.predict import FineTuneSettings
from archflow.recipes.recipe import Recipe
from archflow_reproduce.protocol.splits import draw_splits
from archflow_reproduce.studies import recipe as study
from archflow_reproduce.studies.recipe import RecipeProtocol, run_recipe
from tests.reproduce.oracles import known_table, true_labels

COUNT = 440
SPLIT = Split(np.arange(20), np.arange(200, 240), np.arange(240, 440))


class KnownPredictor:
    """Stands for a `BlendedPredictor`: its two readings contradict each other, its errors are four values in turn."""

    networks = SimpleNamespace(embedders=[SimpleNamespace(encoder=SimpleNamespace(dim=1))])

    def __init__(self) -> None:
        self.fitted = []

    def fit(self, architectures, labels, validation, reference) -> None:
        self.fitted.append((architectures, labels, validation, reference))

    def embed(self, architectures):
        return true_labels(architectures)[:, None]

    def readings(self, architectures):
        """Three networks whose mean is the label, and a process that is sure of the opposite."""
        truth = true_labels(architectures)
        return np.stack([-truth, 2 * truth, 2 * truth]), -3 * truth

    def blended(self, networks, process):
        return networks.mean(0)

    def predict(self, architectures):
        truth = true_labels(architectures)
        return truth + np.resize([0.1, -0.4, 0.7, -2.0], len(truth)), np.ones(len(truth))

    def interval(self, architectures, coverage: float):
        reach = {0.5: 0.2, 0.8: 0.5, 0.95: 1.0}[coverage]
        mean, _ = self.predict(architectures)
        return mean - reach, mean + reach


class KnownNetworks:
    """Stands for the untrained networks: on whole architectures right, on effective ones wrong."""

    def fit(self, architectures, labels, validation) -> None:
        self.fitted = (architectures, labels, validation)

    def scores(self, architectures):
        truth = true_labels(architectures)
        return np.stack([truth, -truth])[..., None]


@pytest.fixture(scope="module")
def measured():
    predictor, fresh, table = KnownPredictor(), KnownNetworks(), known_table(COUNT)
    found = study._run(predictor, table, table.metric("score")[:, None], "score", SPLIT, fresh)
    return table, predictor, fresh, found


def test_every_variant_ranks_by_its_own_reading(measured):
    *_, found = measured
    right = ("recipe", "networks", "labels chosen", "fresh network, whole")
    wrong = ("evenly blended", "process", "one network", "fresh network")
    for variant in right:
        assert found[variant]["tau"] == found[variant]["p_at_5"] == found[variant]["top10_in_5"] == 1
    for variant in wrong:
        assert found[variant]["tau"] == -1
        assert found[variant]["p_at_5"] == found[variant]["top10_in_5"] == 0
    assert found["process, proxies"]["tau"] == found["process, one encoder"]["tau"] > 0.5


def test_coverage_is_what_lies_inside_and_not_what_was_asked(measured):
    *_, found = measured
    told = {key: found["recipe"][key] for key in ("inside_50", "inside_80", "inside_95", "inside_1_std")}
    assert told == {"inside_50": 0.25, "inside_80": 0.5, "inside_95": 0.75, "inside_1_std": 0.75}


def test_it_learns_from_the_labelled_rows_and_is_calibrated_by_validation(measured):
    table, predictor, fresh, _ = measured
    hashes, labels = table.architectures.hashes, table.metric("score")
    assert len(predictor.fitted) == 2
    for (architectures, values, validation, _), rows in zip(predictor.fitted, (SPLIT.labelled, None), strict=True):
        if rows is not None:
            assert np.array_equal(architectures.hashes, hashes[rows])
            assert np.array_equal(values, labels[rows])
        assert np.array_equal(validation[0].hashes, hashes[SPLIT.validation])
        assert np.array_equal(validation[1], labels[SPLIT.validation])
    assert np.array_equal(fresh.fitted[1], labels[SPLIT.labelled])
    assert np.array_equal(fresh.fitted[2][1], labels[SPLIT.validation])


def test_labels_are_chosen_from_the_train_part(measured):
    table, predictor, *_ = measured
    architectures, values, *_ = predictor.fitted[1]
    assert len(values) == len(SPLIT.labelled)
    train = set(true_labels(table.architectures.select(np.arange(200))))
    assert set(values) <= train
    assert np.array_equal(values, true_labels(architectures))


def test_labels_of_test_rows_change_nothing_but_the_judgement(tmp_path, monkeypatch):
    """Garbage in the place of all labels of the test part: every variant gives the same scores."""
    table = known_table(160)
    small = Recipe("gin", {"width": 8}, epochs=1, members=2, fine_tune=FineTuneSettings(2))
    protocol = RecipeProtocol("score", ["params"], small, labels=20, runs=1)
    test = draw_splits("random", table, np.arange(160), 80, 20)["identity"].test
    garbage = table.metric("score").copy()
    garbage[test] = np.random.default_rng(5).normal(-1e3, 1e2, len(test))
    scores, truths = [], []
    real = study.rounded_measures

    def spy(values, truth):
        scores.append(np.array(values))
        truths.append(truth)
        return real(values, truth)

    monkeypatch.setattr(study, "rounded_measures", spy)
    run_recipe(protocol, "cells", table, tmp_path, processes=1)
    (tmp_path / "20-random-0.json").unlink()  # the same pre-trained encoders, which saw no label
    run_recipe(protocol, "cells", replace(table, metrics={"score": garbage}), tmp_path, processes=1)
    half = len(scores) // 2
    assert half == 12
    for before, after in zip(scores[:half], scores[half:], strict=True):
        assert np.array_equal(before, after)
    assert all(np.array_equal(truth, garbage[test]) for truth in truths[half:])


def test_runs_have_the_seeds_of_their_models_and_the_splits_of_their_permutations(tmp_path, monkeypatch):
    seeds, labelled = [], []

    def spy(predictor, table, proxies, metric, split, fresh):
        labelled.append(split.labelled.tolist())
        return {"recipe": {"tau": 0.0}, "fresh network, whole": {"tau": 0.0}}

    def pretrain(self, architectures, proxies, folder, seed, processes):
        seeds.append(seed)
        return [SimpleNamespace(vocabulary=architectures.vocabulary)]

    monkeypatch.setattr(Recipe, "pretrain", pretrain)
    monkeypatch.setattr(Recipe, "predictor", lambda *_: None)
    monkeypatch.setattr(study, "_untrained", lambda *_: None)
    monkeypatch.setattr(study, "_run", spy)
    table = known_table(160)
    run_recipe(RecipeProtocol("score", [], Recipe("gin", {"width": 8}), labels=20), "cells", table, tmp_path)
    assert seeds == [21] * 3 + [2021] * 3 + [202121] * 3
    splits = draw_splits("random", table, np.arange(160), 80, 20).values()
    assert labelled == [split.labelled.tolist() for split in splits] * 3
