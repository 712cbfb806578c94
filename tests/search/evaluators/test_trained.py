from pathlib import Path

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.evaluators.base import Wanted
from archflow.search.evaluators.parse import parse
from archflow.spaces import Hierarchical, NASBench201

TINY = {"epochs": 2, "channels": 2, "cells_per_stage": 1, "batch_size": 8}


@pytest.fixture
def images(tmp_path: Path) -> str:
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 3
    pixels = generator.normal(0, 0.3, (60, 8, 8)) + np.linspace(0, 1, 8) * labels[:, None, None]
    np.savez(tmp_path / "mine.npz", images=pixels, labels=labels)
    return f"train:{tmp_path / 'mine.npz'}"


def timeless(metrics):
    return {name: value for name, value in metrics.items() if name != "seconds"}


def test_the_last_epoch_is_the_whole_training(images: str) -> None:
    cell = NASBench201().sample(1, np.random.default_rng(2))[0]
    by_epoch = parse(images, Wanted(settings=TINY, by_epoch=True))
    whole = parse(images, Wanted(settings=TINY))
    curve = list(by_epoch.evaluate.curve(cell, 3))
    assert by_epoch.evaluate.epochs == (1, 2)
    assert whole.evaluate.epochs == ()
    assert [epoch for epoch, _ in curve] == [1, 2]
    assert timeless(curve[-1][1]) == timeless(whole.evaluate(cell, 3))
    assert curve[0][1]["train_loss"] != curve[1][1]["train_loss"]
    assert 0 < curve[0][1]["seconds"] < curve[1][1]["seconds"]
    assert whole.metrics == ("validation_accuracy",)
    assert whole.evaluate.config["training"]["epochs"] == 2


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(metrics=("test_acuracy",)), "no metric is called 'test_acuracy'; did you mean 'test_accuracy'"),
        (Wanted(settings={"epoch": 2}), "no setting of --evaluate train is called 'epoch'; did you mean 'epochs'"),
        (Wanted(settings={"epochs": 0}), "epochs"),
        (Wanted(space="fbnet"), "fbnet: its architectures cannot be built"),
        (Wanted(space="nasbench202"), "did you mean 'nasbench201'"),
    ],
)
def test_what_cannot_be_trained_is_refused(images: str, wanted: Wanted, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        parse(images, wanted)


def test_a_hierarchical_architecture_is_trained_on_digits() -> None:
    space = Hierarchical()
    small = space.parse("/".join(["100020", *["000600"] * 5, "1000001100"]))
    settings = {"epochs": 1, "channels": 4, "cells_per_stage": 1, "batch_size": 128}
    target = parse("train:digits", Wanted(space="hierarchical", settings=settings))
    first, again, other = (target.evaluate(small, seed) for seed in (1, 1, 2))
    assert timeless(first) == timeless(again) != timeless(other)
    assert 10 < first["validation_accuracy"] < 100
    assert space.contains(small)
    assert target.space.name == "hierarchical"
