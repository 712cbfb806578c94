"""Training a network on images and evaluating it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.bounds import Bounded, bounded
from archflow.errors import ArchflowError
from archflow.networks.images import ImageData

EVALUATION_BATCH = 128


@dataclass(frozen=True)
class TrainingSettings(Bounded):
    """Stochastic gradient descent with Nesterov momentum, cosine learning rate and weight decay, as in NAS-Bench-201.

    Epochs, batch size, learning rate and warm-up default to the settings of `digits201`.

    Attributes:
        warmup: Fraction of the steps in which the learning rate rises linearly from zero.
    """

    epochs: int = bounded(2, least=1)
    batch_size: int = bounded(32, least=1)
    learning_rate: float = bounded(0.1, above=0)
    momentum: float = bounded(0.9, least=0, most=1)
    weight_decay: float = bounded(5e-4, least=0)
    warmup: float = bounded(0.1, least=0, most=1)


def train(network: nn.Module, data: ImageData, settings: TrainingSettings, seed: int) -> dict[str, float]:
    """Train `network` in place; `seed` determines the order of the batches.

    Returns:
        train_accuracy, validation_accuracy, test_accuracy (percent), train_loss, validation_loss, test_loss (mean cross
        entropy) of the trained network in evaluation mode, and seconds (processor time of training without evaluation:
        unlike the wall clock, it does not count what other processes do).

    Raises:
        ArchflowError: If the loss is not finite.
    """
    *_, (_, seconds) = _epochs(network, data, settings, seed)
    return _results(network, data, seconds)


def training_curve(
    network: nn.Module, data: ImageData, settings: TrainingSettings, seed: int
) -> Iterator[tuple[int, dict[str, float]]]:
    """Train as `train` does and yield (epoch, metrics) after every epoch, counted from 1.

    The last metrics equal those of `train`.

    Training ends when the caller stops iterating.
    """
    for epoch, seconds in _epochs(network, data, settings, seed):
        yield epoch, _results(network, data, seconds)


def _epochs(network: nn.Module, data: ImageData, settings: TrainingSettings, seed: int) -> Iterator[tuple[int, float]]:
    """Train; after every epoch yield its number and the processor time of training so far."""
    start = time.process_time()
    generator = torch.Generator().manual_seed(seed)
    images = data.train_images.contiguous(memory_format=torch.channels_last)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=0.0,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
        foreach=True,
    )
    batches = max(1, len(images) // settings.batch_size)
    steps = settings.epochs * batches
    for epoch in range(settings.epochs):
        network.train()
        order = torch.randperm(len(images), generator=generator)
        for step in range(epoch * batches, (epoch + 1) * batches):
            batch = order[step % batches * settings.batch_size :][: settings.batch_size]
            optimiser.param_groups[0]["lr"] = settings.learning_rate * _schedule(step, steps, settings.warmup)
            loss = functional.cross_entropy(network(images[batch]), data.train_labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        seconds = time.process_time() - start
        yield epoch + 1, seconds
        start = time.process_time() - seconds  # exclude the time spent in the caller


def _results(network: nn.Module, data: ImageData, seconds: float) -> dict[str, float]:
    results = {"seconds": seconds}
    parts = {
        "train": (data.train_images, data.train_labels),
        "validation": (data.validation_images, data.validation_labels),
        "test": (data.test_images, data.test_labels),
    }
    for name, (part, labels) in parts.items():
        results[f"{name}_accuracy"], results[f"{name}_loss"] = evaluate(network, part, labels)
    return results


def _schedule(step: int, steps: int, warmup: float) -> float:
    """Linear warm-up, then a half cosine to zero."""
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (rising + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / (steps - rising)))


@torch.no_grad()
def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Images (N, C, H, W), labels (N,) -> accuracy in percent and mean cross entropy, in evaluation mode."""
    network.eval()
    correct, loss = 0, 0.0
    for batch, target in zip(images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True):
        scores = network(batch.contiguous(memory_format=torch.channels_last))
        correct += int((scores.argmax(1) == target).sum())
        loss += float(functional.cross_entropy(scores, target, reduction="sum"))
    if not math.isfinite(loss):
        raise ArchflowError("training diverged, the loss is not finite: lower the learning rate")
    return 100 * correct / len(labels), loss / len(labels)
