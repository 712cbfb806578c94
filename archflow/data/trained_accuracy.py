"""The evaluator that builds the real network of an architecture and trains it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from archflow.graph import Architecture
from archflow.spaces.base import network_space

if TYPE_CHECKING:
    from torch import nn

    from archflow.networks.images import ImageData
    from archflow.networks.trainer import TrainingSettings


@dataclass(frozen=True)
class TrainedAccuracy:
    """Trains a network of `space` on one thread; the metrics are those of `archflow.networks.trainer.train`.

    Attributes:
        images: Makes the images, once in each process.
        size: Size of the network, as for the space's `build`: channels, cells_per_stage, stages.
    """

    space: str
    images: Callable[[], ImageData]
    settings: TrainingSettings
    size: Mapping[str, int]

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        from archflow.networks.trainer import train

        data = loaded_images(self.images)
        network = network_for(data, self.space, architecture, self.size, seed)
        with alone_on_a_core():
            return train(network, data, self.settings, seed)

    def curve(self, architecture: Architecture, seed: int) -> Iterator[tuple[int, Mapping[str, float]]]:
        """Yield the metrics after each epoch, counted from 1; training ends when the caller stops iterating."""
        from archflow.networks.trainer import training_curve

        data = loaded_images(self.images)
        network = network_for(data, self.space, architecture, self.size, seed)
        with alone_on_a_core():
            yield from training_curve(network, data, self.settings, seed)


def network_for(
    data: ImageData, space: str, architecture: Architecture, size: Mapping[str, int], seed: int
) -> nn.Module:
    """The untrained network of an architecture of `space` for these images; `seed` draws its weights."""
    classes, channels = data.classes, data.image_shape[0]
    return network_space(space).build(architecture, **size, classes=classes, image_channels=channels, seed=seed)


@lru_cache(maxsize=1)
def loaded_images(images: Callable[[], ImageData]) -> ImageData:
    """The images, made once in each process."""
    return images()


@contextmanager
def alone_on_a_core() -> Iterator[None]:
    """Use one thread, since items run in parallel and would compete, and no denormal numbers, which are slow.

    Both settings apply to the whole process, and are restored after the block.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
