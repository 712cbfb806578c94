"""A job that makes a table of trained architectures, with its card, from a search space and images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.labelling import Results, label_architectures, seed_agreement, seed_columns
from archflow.data.trained_accuracy import TrainedAccuracy
from archflow.errors import ArchflowError
from archflow.files import check_writable, read_json, write_json
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.graph.table import Table
from archflow.networks.image_folder import image_files
from archflow.networks.images import DigitsDifficulty, ImageData, digits, read_images
from archflow.networks.trainer import TrainingSettings
from archflow.outputs import Output, check_outputs
from archflow.spaces import sample_classes
from archflow.spaces.base import network_space

if TYPE_CHECKING:
    from archflow.progress import Progress

COLUMNS = {
    "*_accuracy": "percent, in evaluation mode after the last step",
    "*_loss": "mean cross entropy",
    "seconds": "processor time of one training on one thread, without evaluation",
    "params": "learned numbers of the network",
    "flops": "millions of multiply-adds of one image",
    "*_seed0 ...": "one training; without it, the mean over the seeds",
}

DIGITS_SOURCE = (
    "images: optical recognition of handwritten digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, "
    "CC BY 4.0, as carried by scikit-learn; archflow trained on noisy copies"
)


@dataclass(frozen=True)
class LabellingJob:
    """`count` architectures of `space`, no two isomorphic, each trained with seeds 0..`seeds`-1.

    Attributes:
        data: `digits`, or the path of an `.npz` file or image folder (see `archflow.networks.images.read_images`).
        sample_seed: Draws the architectures.
        size: Size of the networks: channels, cells_per_stage, stages; see `archflow.spaces.NetworkSpace`.
    """

    space: str
    data: str
    count: int
    seeds: int
    sample_seed: int
    size: dict[str, int]
    training: TrainingSettings

    def outputs(self, out: Path) -> list[Output]:
        """The files that `run` writes, to check beforehand. The journal itself knows whether it is of this job."""
        check_writable(out)  # an empty name has no card beside it
        card, journal = out.with_suffix(".json"), journal_of(out)
        return [
            Output("--out", out, "a table", TABLE_ENDINGS, own=lambda _: journal.is_file() or is_job_card(card)),
            Output("its card", card, own=is_job_card),
            Output("its journal", journal, own=Path.is_file),
        ]

    def run(self, out: str | Path, processes: int, progress: Progress | None = None) -> dict[str, Any]:
        """Write the table to `out` and the card to the same path with the ending `.json`, and return the card.

        Columns are those of `seed_columns` for the metrics of `train`, and the space's costs: `params`, and `flops` in
        millions of multiply-adds. The journal is `out` with `.journal.jsonl` appended.

        Raises:
            ArchflowError: If the space is unknown or the images cannot be used, and as for `label_architectures`.
        """
        out = Path(out)
        check_outputs(*self.outputs(out), force=True)  # whether files may be replaced is for the caller to check
        space = network_space(self.space)
        images = image_source(self.data)
        example = images()
        architectures = sample_classes(space, self.count, np.random.default_rng(self.sample_seed))
        configuration = self._configuration()
        evaluate = TrainedAccuracy(self.space, images, self.training, self.size)
        results = label_architectures(
            architectures,
            evaluate,
            range(self.seeds),
            journal_of(out),
            configuration,
            processes=processes,
            progress=progress,
        )
        columns = seed_columns(results, self.count, range(self.seeds))
        costs = space.costs(
            architectures,
            **self.size,
            classes=example.classes,
            image_shape=example.image_shape,
        )
        columns["params"] = np.asarray(costs["params"], np.float64)
        columns["flops"] = costs["flops"] / 1e6
        native = [space.format(architecture) for architecture in architectures]
        Table(architectures, columns, native).write(out)
        card = self._card(out, configuration, example, columns, results)
        write_json(out.with_suffix(".json"), card)
        return card

    def _card(
        self,
        out: Path,
        configuration: dict[str, Any],
        images: ImageData,
        columns: dict[str, NDArray[np.float64]],
        results: Results,
    ) -> dict[str, Any]:
        card = {
            "command": self.command(out.name),
            "configuration": configuration,
            "columns": COLUMNS,
            "images": {
                "train": len(images.train_labels),
                "validation": len(images.validation_labels),
                "test": len(images.test_labels),
                "shape": list(images.image_shape),
                "classes": images.classes,
            },
            "rows": self.count,
            "failures": self.count * self.seeds - len(results),
            "seed_to_seed_kendall_tau": {
                metric: seed_agreement(columns, metric, range(self.seeds))
                for metric in ("validation_accuracy", "test_accuracy")
            },
            "mean_seconds": float(np.mean([metrics["seconds"] for metrics in results.values()])),
        }
        return card | ({"source": DIGITS_SOURCE} if self.data == "digits" else {})

    def command(self, out: str) -> str:
        """The command line that runs this job."""
        options = {
            "space": self.space,
            "data": self.data,
            "count": self.count,
            "seeds": self.seeds,
            "epochs": self.training.epochs,
            "batch-size": self.training.batch_size,
            "learning-rate": self.training.learning_rate,
            "channels": self.size["channels"],
            "cells": self.size["cells_per_stage"],
            "stages": self.size["stages"],
            "sample-seed": self.sample_seed,
            "out": out,
        }
        return " ".join(["archflow label", *(f"--{option} {value}" for option, value in options.items())])

    def _configuration(self) -> dict[str, Any]:
        """Everything that determines the measurements, as plain JSON values."""
        return asdict(self) | image_configuration(self.data)


def journal_of(out: Path) -> Path:
    """The journal of finished items beside the table `out`."""
    return out.with_name(f"{out.name}.journal.jsonl")


def is_job_card(path: Path) -> bool:
    """Whether a file is the card of a table made by such a job."""
    try:
        return "configuration" in dict(read_json(path))
    except (ArchflowError, TypeError, ValueError):
        return False


def image_source(data: str) -> Callable[[], ImageData]:
    """A function that reads the images of `data`: `digits`, or a path for `archflow.networks.images.read_images`."""
    return partial(digits, DigitsDifficulty()) if data == "digits" else partial(read_images, data)


def image_configuration(data: str) -> dict[str, Any]:
    """What identifies the images of `image_source`, as plain JSON values: their content, not their path."""
    if data == "digits":
        return {"data": data, "digits": asdict(DigitsDifficulty())}
    return {"data": Path(data).name, "data_sha256": _digest(Path(data))}


def _digest(path: Path) -> str:
    """Digest of a file's bytes, or of the names and bytes of a folder's images."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for image, _ in image_files(path):
        digest.update(f"{image.relative_to(path).as_posix()}\0".encode())
        digest.update(hashlib.sha256(image.read_bytes()).digest())
    return digest.hexdigest()
