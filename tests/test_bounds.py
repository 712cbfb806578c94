import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from archflow.bounds import Bounded, bounded, number, whole
from archflow.data.trained_accuracy import TrainedAccuracy  # noqa: F401  # what takes training settings
from archflow.errors import ArchflowError
from archflow.networks.trainer import TrainingSettings
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.objectives import BPR, Hinge
from archflow.pretext import PretrainSettings
from archflow.recipes.unlabelled import Pretraining


@dataclass(frozen=True)
class Some(Bounded):
    size: int = bounded(3, least=1, most=10)
    rate: float = bounded(0.5, above=0)
    fast: bool = False
    name: str = "a"
    limit: int | None = None


def test_numbers_become_pythons_own():
    some = Some(np.int64(2), np.float32(0.25), np.bool_(True), "b", np.int32(4))
    assert dataclasses.astuple(some) == (2, 0.25, True, "b", 4)
    assert json.loads(json.dumps(dataclasses.asdict(some))) == dataclasses.asdict(some)
    assert [type(value) for value in dataclasses.astuple(some)] == [int, float, bool, str, int]
    assert Some(4.0, 1) == Some(4, 1.0)
    assert type(Some(torch.tensor(4)).size) is int


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "Some: size must be a whole number of at least 1 and at most 10, not 0"),
        ({"size": 10**9}, "at most 10, not 1000000000"),
        ({"size": 2.5}, r"size must be a whole number .*, not 2\.5"),
        ({"size": True}, "not True"),
        ({"size": "3"}, "not '3'"),
        ({"size": float("nan")}, "not nan"),
        ({"rate": 0.0}, r"rate must be a number above 0, not 0\.0"),
        ({"rate": np.inf}, "not inf"),
        ({"rate": np.float32("nan")}, "not nan"),
        ({"rate": None}, "not None"),
        ({"fast": 1}, "fast must be true or false, not 1"),
    ],
)
def test_what_is_no_such_number_is_refused_when_the_settings_are_made(settings, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        Some(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FineTuneSettings(epochs=0),
        lambda: FineTuneSettings(batch_size=1),
        lambda: FineTuneSettings(learning_rate=float("nan")),
        lambda: FineTuneSettings(learning_rate=0),
        lambda: FineTuneSettings(weight_decay=-1.0),
        lambda: FineTuneSettings(margin=-0.1),
        lambda: FineTuneSettings(clip=0.0),
        lambda: FineTuneSettings(warmup=-1),
        lambda: PretrainSettings(epochs=0),
        lambda: PretrainSettings(batch_size=0),
        lambda: PretrainSettings(learning_rate=float("inf")),
        lambda: PretrainSettings(seed=-1),
        lambda: TrainingSettings(epochs=0),
        lambda: TrainingSettings(warmup=2.0),
        lambda: Pretraining([], epochs=0),
        lambda: Pretraining([], rows=0),
        lambda: Hinge(margin=float("nan")),
        lambda: BPR(lower_is_better="yes"),
    ],
)
def test_every_settings_dataclass_checks_its_bounds(make):
    with pytest.raises(ArchflowError, match=r": \w+ must be "):
        make()


def test_numbers_without_bounds():
    assert whole("n", np.uint8(200)) == 200
    assert number("x", np.float16(0.5)) == 0.5
