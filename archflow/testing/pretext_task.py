"""The contract of a pretext task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Embedder, Encoder
from archflow.encoders.preparation import Preparation
from archflow.graph import ArchitectureSet
from archflow.graph.attributes import telling
from archflow.graph.batch import Batch
from archflow.graph.ragged import pointer, positions
from archflow.pretext import MASK, PretextTask, PretrainSettings, pretrain
from archflow.pretext.base import mask_id
from archflow.seeding import seeded
from archflow.testing.comparison import embed, same


def check_pretext_task(
    task_factory: Callable[[Encoder], PretextTask],
    encoder_factory: Callable[[], Encoder],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
) -> None:
    """Check a pretext task against its contract. Raises AssertionError with the violated clause.

    Args:
        task_factory: Makes the task for an encoder.
        encoder_factory: Makes an encoder with new weights.
        architectures: Several different architectures.
        proxies: Complete proxies by name, for tasks that need them; half of the rows are then hidden to check that
            missing values are masked.
    """
    rows = np.arange(len(architectures))

    def run() -> tuple[dict[str, list[float]], Encoder]:
        with seeded(0):
            encoder = encoder_factory()
            task = task_factory(encoder)
        settings = PretrainSettings(epochs=8, batch_size=max(2, len(rows) // 4), learning_rate=3e-3)
        embedder = Embedder(encoder, Preparation(architectures.vocabulary))
        return pretrain(embedder, task, architectures, proxies, settings).history["losses"], encoder

    encoder = encoder_factory().eval()
    task = task_factory(encoder).eval()
    targets = task.targets(architectures, proxies)
    for name, target in targets.items():
        assert len(target) == len(rows), f"target {name!r} has {len(target)} rows for {len(rows)} architectures"
    with seeded(0):
        parts = task.loss(encoder, Batch(architectures), targets)
    assert parts, "a loss has at least one part"
    for name, part in parts.items():
        assert part.shape == (), f"loss part {name!r} is not a scalar"
        assert torch.isfinite(part), f"loss part {name!r} is not finite"

    losses, trained = run()
    again, trained_again = run()
    total = np.sum(list(losses.values()), axis=0)
    assert total[-1] < total[0], f"eight epochs do not lower the loss: {total[0]:.4g} -> {total[-1]:.4g}"
    assert losses == again, "the same seed gives other losses"
    same(embed(trained, architectures), embed(trained_again, architectures), "the same seed gives the same weights")
    _check_missing_proxies(task, encoder, architectures, proxies, parts)
    _check_hidden_operations(task, encoder, architectures, targets)


def _check_hidden_operations(
    task: PretextTask, encoder: Encoder, architectures: ArchitectureSet, targets: Mapping[str, Tensor]
) -> None:
    """Check that hidden operations have no effect on the encoder's input and output."""
    if MASK not in architectures.vocabulary:
        return
    seen = _batches_seen(task, encoder, architectures, targets)
    hidden = np.zeros(len(architectures.op), bool)
    shown = np.zeros(len(architectures.op), bool)
    for batch, _ in seen:
        if batch.architectures is architectures:  # the other batches contain edited architectures with renumbered nodes
            nodes, masked = _nodes_of_the_set(batch), (batch.op == mask_id(architectures)).cpu().numpy()
            hidden[nodes[masked]], shown[nodes[~masked]] = True, True
    hidden &= ~shown
    other = np.where(hidden, (architectures.op + 1) % mask_id(architectures), architectures.op)
    changed = architectures.with_ops(other.astype(np.int32))
    if changed.attributes is not None:
        attributes = changed.attributes.copy()
        attributes[np.ix_(np.flatnonzero(hidden), telling(changed.attribute_names))] += 1
        changed = changed.replaced(attributes=attributes)
    for (batch, output), (batch_after, after) in zip(seen, _batches_seen(task, encoder, changed, targets), strict=True):
        if batch.architectures is not architectures:
            continue
        same(batch_after.op, batch.op, "the encoder does not see hidden operations")
        if batch.attributes is not None and batch_after.attributes is not None:
            attributes = torch.nan_to_num(batch.attributes, nan=-1.0)
            same(torch.nan_to_num(batch_after.attributes, nan=-1.0), attributes, "nor the attributes of hidden nodes")
        same(after, output, "an embedding depends on an operation that is hidden")


def _batches_seen(
    task: PretextTask, encoder: Encoder, architectures: ArchitectureSet, targets: Mapping[str, Tensor]
) -> list[tuple[Batch, Tensor]]:
    """The encoder's input batches and outputs in one evaluation of the loss, with the same draws every time."""
    seen: list[tuple[Batch, Tensor]] = []

    def note(module: nn.Module, args: tuple[Batch], output: Tensor) -> None:
        seen.append((args[0], output))

    handle = encoder.register_forward_hook(note)
    with torch.no_grad(), seeded(0):
        task.loss(encoder, Batch(architectures), targets)
    handle.remove()
    return seen


def _nodes_of_the_set(batch: Batch) -> NDArray[np.int64]:
    """(V,) rows of the batch's nodes among those of its set."""
    starts, counts = batch.architectures.node_ptr[batch.rows], batch.architectures.node_counts[batch.rows]
    return positions(starts, counts, pointer(counts))


def _check_missing_proxies(task, encoder, architectures, proxies: Mapping[str, NDArray], parts) -> None:
    # Terms of the loss that use proxies are those that change with the sign of the proxies, with the same draws.
    negated = task.targets(architectures, {name: -np.asarray(values) for name, values in proxies.items()})
    with torch.no_grad(), seeded(0):
        changed = task.loss(encoder, Batch(architectures), negated)
    dependent = [name for name, part in parts.items() if not torch.equal(changed[name], part)]
    hidden = np.arange(len(architectures)) % 2 == 1
    gaps = {name: np.where(hidden, np.nan, values) for name, values in proxies.items()}
    seen: list[tuple[Batch, Tensor]] = []  # a task may encode further batches, such as the partners of architectures
    handle = encoder.register_forward_hook(lambda module, args, output: seen.append((args[0], output)))
    with seeded(0):
        masked = task.loss(encoder, Batch(architectures), task.targets(architectures, gaps))
    handle.remove()
    for name in dependent:
        assert torch.isfinite(masked[name]), f"loss part {name!r} is not finite where proxies are missing"
        nodes = [output for _, output in seen]
        by_node = torch.autograd.grad(masked[name], nodes, retain_graph=True, allow_unused=True)
        reached = [(batch, g) for (batch, _), g in zip(seen, by_node, strict=True) if g is not None]
        assert reached, f"no gradient of loss part {name!r} reaches the encoder"
        for batch, gradient in reached:
            to_hidden = gradient[torch.from_numpy(hidden[batch.rows])[batch.graph]]
            assert not to_hidden.any(), f"an architecture without a proxy gets a gradient from loss part {name!r}"
