"""Networks trained by archflow as an evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.search.evaluators.base import Point, SearchEvaluator, Target, Wanted
from archflow.search.evaluators.named import known_name
from archflow.search.evaluators.spaces import DEFAULT, Costs

if TYPE_CHECKING:
    from archflow.data.trained_accuracy import TrainedAccuracy

PREFIX = "train:"
METRICS = ("validation_accuracy", "test_accuracy", "train_accuracy", "validation_loss", "test_loss", "train_loss")
SIZE = {"channels": 16, "cells_per_stage": 2, "stages": 1}


@dataclass(frozen=True)
class TrainedEvaluator(SearchEvaluator):
    """Builds and trains an architecture's network, as `archflow label` does; `seconds` is processor time.

    Attributes:
        trained: The trainer.
        by_epoch: Whether to measure after each epoch rather than only after the last.
        images: Description of the image data, as plain JSON values.
    """

    trained: TrainedAccuracy
    by_epoch: bool
    images: dict[str, Any]

    metrics = (*METRICS, "seconds")

    @property
    def epochs(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]  # it follows from others
        return tuple(range(1, self.trained.settings.epochs + 1)) if self.by_epoch else ()

    @property
    def config(self) -> dict[str, Any]:
        return {"train": self.images, "training": asdict(self.trained.settings), "size": dict(self.trained.size)}

    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        if self.by_epoch:
            yield from self.trained.curve(architecture, seed)
        else:
            yield 0, self.trained(architecture, seed)


def target(text: str, wanted: Wanted) -> Target:
    """Build the target of `train:digits`, `train:FILE.npz` or `train:FOLDER` in a space whose networks can be built.

    Settings are those of `TrainingSettings` and of the network's size.
    """
    from archflow.data.labelling_job import image_configuration, image_source
    from archflow.data.trained_accuracy import TrainedAccuracy
    from archflow.networks.trainer import TrainingSettings
    from archflow.spaces.base import network_space

    data = text.removeprefix(PREFIX)
    if not data:
        raise ArchflowError("--evaluate train: names no images; write train:digits, train:FILE.npz or train:FOLDER")
    name = wanted.space or DEFAULT
    space = network_space(name)
    for metric in (*wanted.metrics, *wanted.reported):
        known_name("metric", metric, (*METRICS, "seconds"))
    options = {each: wanted.settings.get(each, value) for each, value in (asdict(TrainingSettings()) | SIZE).items()}
    for setting in wanted.settings:
        known_name("setting of --evaluate train", setting, options)
    size = {each: options.pop(each) for each in SIZE}
    images = image_source(data)
    images()  # report errors in the data before the search begins
    trained = TrainedAccuracy(name, images, TrainingSettings(**options), size)
    evaluate = TrainedEvaluator(trained, wanted.by_epoch, image_configuration(data))
    return Target(evaluate, space, wanted.metrics or METRICS[:1], wanted.reported, Costs(space))
