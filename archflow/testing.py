"""Contract tests for parts of your own; the encoders, pretext tasks, search spaces, predictors here pass them too.

They use plain asserts, so any test runner will do:

    from archflow.testing import check_encoder, random_architectures

    def test_my_encoder():
        architectures = random_architectures(40, seed=0)
        check_encoder(MyEncoder(len(architectures.vocabulary)), architectures)
"""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from archflow.data.labelling import Evaluator
from archflow.encoders import ENCODERS, Encoder, load_encoder, save_encoder, stack
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.predict import Predictor
from archflow.pretext import PretextTask, PretrainSettings, pretrain
from archflow.seeding import seeded
from archflow.spaces import NetworkSpace, SearchSpace, sample_classes

TOLERANCE = 2e-5
"""Absolute and relative: what float32 sums may differ by when their order or the batch's shape changes."""

_OPS = ("input", "output", "conv1x1", "conv3x3", "pool")


def random_architectures(
    count: int, seed: int, *, ops: tuple[str, ...] = _OPS, max_nodes: int = 9, edge_share: float = 0.35
) -> ArchitectureSet:
    """`count` random labelled DAGs of 1 to `max_nodes` nodes, numbered at random, over the vocabulary `ops`.

    edge_share: how likely each possible edge is. Among them are single nodes, isolated nodes, dead ends, several
    sources and sinks: whatever `Architecture` admits.
    """
    generator = np.random.default_rng(seed)
    architectures = []
    for _ in range(count):
        size = int(generator.integers(1, max_nodes + 1))
        number = generator.permutation(size)
        source, target = np.nonzero(np.triu(generator.random((size, size)) < edge_share, 1))
        edges = zip(number[source].tolist(), number[target].tolist(), strict=True)
        architectures.append(Architecture(tuple(ops[i] for i in generator.integers(len(ops), size=size)), tuple(edges)))
    return ArchitectureSet.from_architectures(architectures, Vocabulary(ops))


def relabelled(architectures: ArchitectureSet, seed: int) -> tuple[ArchitectureSet, NDArray[np.int64]]:
    """The same graphs with their nodes renumbered at random, and (V,) the old row of every new node."""
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(count) for count in architectures.node_counts]
    renumbered = [a.relabelled(order.tolist()) for a, order in zip(architectures, orders, strict=True)]
    rows = np.concatenate([order + start for order, start in zip(orders, architectures.node_ptr[:-1], strict=True)])
    return ArchitectureSet.from_architectures(renumbered, architectures.vocabulary), rows


def settled(encoder: Encoder, architectures: ArchitectureSet, passes: int = 30) -> Encoder:
    """A copy in evaluation mode whose running statistics, if it has any, are those of these architectures.

    Fresh statistics belong to no data: activations may double from layer to layer, and rounding errors with them.
    """
    encoder = copy.deepcopy(encoder).train()
    if any(True for _ in encoder.buffers()):
        with torch.no_grad(), seeded(0):
            for _ in range(passes):
                encoder(Batch(architectures))
    return encoder.eval()


def check_encoder(encoder: Encoder, architectures: ArchitectureSet) -> None:
    """Hold an encoder to its contract. Raises AssertionError that says which part of it is broken.

    architectures: a handful of different ones over the encoder's vocabulary.
    """
    encoder = settled(encoder, architectures)
    assert encoder.n_ops == len(architectures.vocabulary), "n_ops is not the size of the vocabulary"
    with torch.no_grad():
        nodes, whole = encoder(Batch(architectures)), encoder.embed(Batch(architectures))
        _same_shape(nodes, (len(architectures.op), encoder.dim), "forward gives one row a node: (V, dim)")
        _same_shape(whole, (len(architectures), encoder.dim), "embed gives one row an architecture: (B, dim)")
        assert torch.isfinite(nodes).all(), "a node embedding is not finite"
        _same(encoder.embed(Batch(architectures)), whole, "in evaluation the same batch gives the same embedding")
        if not type(encoder).reads_positions:
            renumbered, rows = relabelled(architectures, seed=0)
            _close(encoder(Batch(renumbered)), nodes[rows], "renumbering nodes renumbers node embeddings only")
            _close(encoder.embed(Batch(renumbered)), whole, "renumbering nodes changes no architecture's embedding")
        backwards = np.arange(len(architectures))[::-1]
        _close(encoder.embed(Batch(architectures, backwards)).flip(0), whole, "the order of a batch does not matter")
        alone = [encoder.embed(Batch(architectures, np.array([row]))) for row in range(len(architectures))]
        _close(torch.cat(alone), whole, "the other architectures of a batch do not matter")
    _check_gradients(encoder, architectures)
    again = type(encoder)(**encoder.config)
    assert again.config == encoder.config, "type(encoder)(**config) is not the same encoder: its config differs"
    again.load_state_dict(encoder.state_dict())
    _same(_embed(again.eval(), architectures), whole, "the same config and weights give the same embedding")
    if type(encoder).stackable:
        _check_members(encoder, architectures)
    if any(ENCODERS.get(name) is type(encoder) for name in ENCODERS.names()):
        with tempfile.TemporaryDirectory() as folder:
            save_encoder(Path(folder, "encoder"), encoder, architectures.vocabulary)
            loaded, vocabulary, _ = load_encoder(Path(folder, "encoder"))
        assert vocabulary == architectures.vocabulary, "a saved encoder comes back with another vocabulary"
        _same(_embed(loaded, architectures), whole, "a saved and loaded encoder gives the same embedding")


def check_pretext_task(
    task_factory: Callable[[Encoder], PretextTask],
    encoder_factory: Callable[[], Encoder],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
) -> None:
    """Hold a pretext task to its contract. Raises AssertionError that says which part of it is broken.

    task_factory: makes the task for an encoder. encoder_factory: makes a fresh encoder.
    proxies: complete, by name, for the tasks that need one; half of the rows are then hidden to see whether a
    missing value is masked.
    """
    rows = np.arange(len(architectures))

    def run() -> tuple[dict[str, list[float]], Encoder]:
        with seeded(0):
            encoder = encoder_factory()
            task = task_factory(encoder)
        settings = PretrainSettings(epochs=8, batch_size=max(2, len(rows) // 4), learning_rate=3e-3)
        return pretrain(encoder, task, architectures, proxies, settings), encoder

    encoder = encoder_factory().eval()
    task = task_factory(encoder).eval()
    targets = task.targets(architectures, proxies)
    assert targets, "a task has at least one target"
    for name, target in targets.items():
        assert len(target) == len(rows), f"target {name!r} has {len(target)} rows for {len(rows)} architectures"
    with seeded(0):
        parts = task.loss(encoder, Batch(architectures), targets)
    assert parts, "a loss has at least one part"
    for name, part in parts.items():
        assert part.shape == (), f"loss part {name!r} is no scalar"
        assert torch.isfinite(part), f"loss part {name!r} is not finite"

    losses, trained = run()
    again, trained_again = run()
    total = np.sum(list(losses.values()), axis=0)
    assert total[-1] < total[0], f"eight epochs do not lower the loss: {total[0]:.4g} -> {total[-1]:.4g}"
    assert losses == again, "the same seed gives other losses"
    _same(_embed(trained, architectures), _embed(trained_again, architectures), "the same seed gives the same weights")
    _check_missing_proxies(task, encoder, architectures, proxies, parts)


def check_predictor(factory: Callable[[], Predictor], architectures: ArchitectureSet, y: ArrayLike) -> None:
    """Hold a predictor to its contract. Raises AssertionError that says which part of it is broken.

    factory: makes an unfitted predictor; its random draws are seeded here. y: (N,) finite labels.
    """

    def fitted() -> Predictor:
        with seeded(0):
            predictor = factory()
        predictor.fit(architectures, y)
        return predictor

    predictor = fitted()
    mean, std = predictor.predict(architectures)
    assert mean.shape == std.shape == (len(architectures),), f"predict gives {mean.shape}, not one value a row"
    assert np.isfinite(mean).all(), "a prediction is not finite"
    few = np.arange(len(architectures))[::-3]
    message = "a prediction does not depend on the other architectures"
    np.testing.assert_allclose(predictor.predict(architectures.select(few))[0], mean[few], 1e-4, 1e-4, err_msg=message)
    np.testing.assert_array_equal(fitted().predict(architectures)[0], mean, "the same seed gives the same predictor")
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(folder)
        loaded = type(predictor).load(folder)
    np.testing.assert_array_equal(loaded.predict(architectures), (mean, std), "a loaded predictor predicts the same")


def check_search_space(space: SearchSpace, seed: int = 0) -> None:
    """Hold a search space to its contract. Raises AssertionError that says which part of it is broken."""
    count = min(32, space.size)
    sample = space.sample(count, np.random.default_rng(seed))
    assert len(sample) == count, f"sample({count}) gives {len(sample)} architectures"
    assert sample.vocabulary == space.vocabulary, "a sample has another vocabulary than the space"
    same = space.sample(count, np.random.default_rng(seed))
    assert list(same) == list(sample), "the same generator gives another sample"
    for architecture in sample:
        text = space.format(architecture)
        assert space.parse(text) == architecture, f"parse(format(a)) is not a: {text}"
        assert space.canonical(space.parse(text)) == space.canonical(architecture), f"canonical form unstable: {text}"
    for architecture in sample.select(np.arange(min(4, count))):
        _check_neighbours(space, architecture, seed)
    classes = sample_classes(space, count, np.random.default_rng(seed))
    assert len({space.canonical(a) for a in classes}) == count, "sample_classes gives two of one class"
    if space.size <= 20_000:
        texts = {space.format(a) for a in space.enumerate()}
        assert len(texts) == space.size, f"enumerate gives {len(texts)} different architectures, size is {space.size}"
        assert {space.format(a) for a in sample} <= texts, "a sample is not among the enumerated architectures"
    if isinstance(space, NetworkSpace):
        _check_network(space, sample)


def check_evaluator(evaluate: Evaluator, architectures: ArchitectureSet) -> None:
    """Hold an evaluator to its contract. Raises AssertionError that says which part of it is broken.

    Metrics of time (`seconds`, `*_seconds`, `*_ms`) may differ from one measurement to the next.
    """
    # As worker processes get it.
    sent = ForkingPickler.loads(ForkingPickler.dumps(evaluate))  # pyright: ignore[reportAttributeAccessIssue]
    names = None
    for architecture in architectures:
        metrics = dict(evaluate(architecture, 0))
        assert metrics, "an evaluator gives at least one metric"
        assert names in (None, set(metrics)), f"one architecture has the metrics {sorted(metrics)}, another {names}"
        names = set(metrics)
        for name, value in metrics.items():
            assert math.isfinite(float(value)), f"metric {name!r} is {value}, not finite: raise ArchflowError instead"
        again = sent(architecture, 0)
        for name in names:
            timed = name == "seconds" or name.endswith(("_seconds", "_ms"))
            assert timed or again[name] == metrics[name], f"the same seed gives another {name}: {again[name]}"


def _check_gradients(encoder: Encoder, architectures: ArchitectureSet) -> None:
    embedding = encoder.embed(Batch(architectures))
    weights = torch.randn(embedding.shape, generator=torch.Generator().manual_seed(0))
    (embedding * weights).sum().backward()
    for name, parameter in encoder.named_parameters():
        reached = parameter.grad is not None and bool(parameter.grad.any())
        assert reached, f"no gradient reaches parameter {name!r}"
    encoder.zero_grad()


def _check_members(encoder: Encoder, architectures: ArchitectureSet) -> None:
    with seeded(1):
        members = [encoder, settled(type(encoder)(**encoder.config), architectures)]
    rows = np.arange(len(architectures) // 2 * 2).reshape(2, -1)
    with torch.no_grad():
        together = stack(members).embed(Batch(architectures, rows))
        alone = [member.embed(Batch(architectures, run)) for member, run in zip(members, rows, strict=True)]
    _close(together, torch.cat(alone), "stacked members give what each gives alone")


def _check_missing_proxies(task, encoder, architectures, proxies: Mapping[str, NDArray], parts) -> None:
    # The parts of the loss that look at proxies are those that change with the sign of the proxies, all draws equal.
    negated = task.targets(architectures, {name: -np.asarray(values) for name, values in proxies.items()})
    with torch.no_grad(), seeded(0):
        changed = task.loss(encoder, Batch(architectures), negated)
    dependent = [name for name, part in parts.items() if not torch.equal(changed[name], part)]
    hidden = np.arange(len(architectures)) % 2 == 1
    gaps = {name: np.where(hidden, np.nan, values) for name, values in proxies.items()}
    seen: list[tuple[Batch, Tensor]] = []  # a task may encode batches of its own, as of an architecture's partners
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


def _check_neighbours(space: SearchSpace, architecture: Architecture, seed: int) -> None:
    text = space.format(architecture)
    around = [space.format(a) for a in space.neighbours(architecture)]
    assert text not in around, f"{text} is its own neighbour"
    assert len(set(around)) == len(around), f"{text} has a neighbour twice"
    for other in around[:3]:
        back = [space.format(a) for a in space.neighbours(space.parse(other))]
        assert text in back, f"{other} is a neighbour of {text}, but not the other way round"
    walk = [architecture]
    generator = np.random.default_rng(seed)
    for _ in range(5):
        walk.append(space.mutate(walk[-1], generator))
    for before, after in pairwise(walk):
        assert after in list(space.neighbours(before)), f"a mutant of {space.format(before)} is not its neighbour"


def _check_network(space: NetworkSpace, sample: ArchitectureSet) -> None:
    few = sample.select(np.arange(min(3, len(sample))))
    size = {"channels": 4, "cells_per_stage": 1, "classes": 3}
    costs = space.costs(few, **size, image_shape=(1, 16, 16))
    for row, architecture in enumerate(few):
        network = space.build(architecture, **size, image_channels=1, seed=0).eval()
        with torch.no_grad():
            scores = network(torch.zeros(2, 1, 16, 16))
        text = space.format(architecture)
        _same_shape(scores, (2, 3), f"the network of {text} gives one score a class")
        parameters = sum(p.numel() for p in network.parameters())
        assert costs["params"][row] == parameters, (
            f"costs say {costs['params'][row]} parameters, {text} has {parameters}"
        )
        assert costs["flops"][row] > 0, f"costs say that {text} computes nothing"


@torch.no_grad()
def _embed(encoder: Encoder, architectures: ArchitectureSet) -> Tensor:
    return encoder.embed(Batch(architectures))


def _same_shape(tensor: Tensor, shape: tuple[int, ...], contract: str) -> None:
    assert tuple(tensor.shape) == shape, f"broken: {contract}; it is {tuple(tensor.shape)}, not {shape}"


def _same(found: Tensor, expected: Tensor, contract: str) -> None:
    assert torch.equal(found, expected), f"broken: {contract}"


def _close(found: Tensor, expected: Tensor, contract: str) -> None:
    difference = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    assert torch.allclose(found, expected, TOLERANCE, TOLERANCE), f"broken: {contract} (off by {difference:.2g})"
