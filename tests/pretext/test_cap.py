import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS, GatedGCN, encoders_of
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext import CAP
from archflow.pretext.augmentation import random_nodes
from archflow.pretext.cap import context_loss
from archflow.seeding import seeded


def hops_from(architecture: Architecture, centre: int) -> dict[int, int]:
    """Breadth first, edges in either direction."""
    hops, fringe = {centre: 0}, [centre]
    while fringe:
        node = fringe.pop(0)
        for a, b in architecture.edges:
            for here, there in ((a, b), (b, a)):
                if here == node and there not in hops:
                    hops[there] = hops[node] + 1
                    fringe.append(there)
    return hops


def part(architecture: Architecture, nodes: list[int]) -> Architecture:
    number = {old: new for new, old in enumerate(nodes)}
    edges = tuple((number[a], number[b]) for a, b in architecture.edges if a in number and b in number)
    return Architecture(tuple(architecture.ops[node] for node in nodes), edges)


def alone(encoder, architecture: Architecture, vocabulary) -> torch.Tensor:
    return encoder(Batch(ArchitectureSet.from_architectures([architecture], vocabulary)))


def plain_loss(task, encoder, architectures, centres, classes) -> float:
    """One architecture at a time."""
    near, far = task.config["hops"]
    seen = []
    for architecture, centre, number in zip(architectures, centres, classes, strict=True):
        hops = hops_from(architecture, centre)
        around = sorted(node for node, way in hops.items() if way <= near)
        context = sorted(node for node, way in hops.items() if near <= way <= far)
        if not context:
            continue
        h = alone(encoder, part(architecture, around), architectures.vocabulary)[around.index(centre)]
        nodes = alone(task.context_encoder, part(architecture, context), architectures.vocabulary)
        shared = [nodes[place] for place, node in enumerate(context) if hops[node] == near]
        seen.append((h, task.projector(sum(shared) / len(shared)), number))

    def sigmoid(x: torch.Tensor) -> float:
        return 1 / (1 + math.exp(-float(x)))

    own = [-math.log(sigmoid(h @ c)) for h, c, _ in seen]
    shifted = zip(seen, seen[1:] + seen[:1], strict=True)
    others = [-math.log(1 - sigmoid(h @ c)) for (h, _, n), (_, c, m) in shifted if n != m]
    return sum(own) / len(own) + sum(others) / len(others)


@pytest.mark.parametrize("hops", [(1, 2), (1, 3), (2, 3), (1, 9)])
@torch.no_grad()
def test_the_loss_is_the_formula(architectures, hops):
    with seeded(0):
        encoder = GatedGCN(len(architectures.vocabulary), width=16).eval()
        task = CAP(encoder, hops=hops).eval()
        for weight in task.context_encoder.parameters():
            weight.mul_(3)  # so that contexts differ
    classes = task.targets(architectures, {})["cap"]
    rows = np.arange(40, 0, -1)
    chosen = architectures.select(rows)
    with seeded(1):
        found = task.loss(encoder, Batch(architectures, rows), {"cap": classes[rows]})["cap"]
    with seeded(1):
        centres = (random_nodes(chosen) - chosen.node_ptr[:-1]).tolist()
    expected = plain_loss(task, encoder, chosen, centres, classes[rows].tolist())
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_contexts_of_one_class_are_no_negatives():
    h, c = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    logits = h @ c.T
    own = torch.nn.functional.softplus(-logits.diagonal()).mean()
    torch.testing.assert_close(context_loss(h, c, torch.tensor([5, 5, 5])), own)
    mixed = context_loss(h, c, torch.tensor([5, 5, 6]))  # the pairs (1, 2) and (2, 0)
    others = torch.nn.functional.softplus(torch.stack([logits[1, 2], logits[2, 0]])).mean()
    torch.testing.assert_close(mixed, own + others)


def test_architectures_without_context_count_nowhere(architectures):
    single, isolated = Architecture(("pool",), ()), Architecture(("pool", "input", "output"), ())
    path = Architecture(("input", "pool", "conv1x1", "output"), ((0, 1), (1, 2), (2, 3)))
    encoder = GatedGCN(len(architectures.vocabulary), width=16).eval()
    task = CAP(encoder, hops=(3, 4)).eval()  # only the ends of the path are three hops apart
    none = ArchitectureSet.from_architectures([single, isolated, single], architectures.vocabulary)
    some = ArchitectureSet.from_architectures([single, path, isolated, path], architectures.vocabulary)
    for chosen in (none, none.select([0])):
        encoder.zero_grad()
        loss = task.loss(encoder, Batch(chosen), task.targets(chosen, {}))["cap"]
        loss.backward()
        assert float(loss.detach()) == 0
        assert not any(p.grad.any() for p in encoder.parameters() if p.grad is not None)
    reached = 0
    for seed in range(12):
        seen = []
        handle = encoder.register_forward_hook(lambda module, args, output, seen=seen: seen.append((args[0], output)))
        with seeded(seed):
            loss = task.loss(encoder, Batch(some), {"cap": torch.arange(4)})["cap"]
        handle.remove()
        ((batch, output),) = seen
        gradient = torch.autograd.grad(loss, output)[0]
        assert not gradient[(batch.graph == 0) | (batch.graph == 2)].any()
        reached += int(gradient.any())
    assert 0 < reached < 12


def test_every_encoder_gets_a_gradient(architectures):
    pair = Architecture(("input", "pool", "pool", "input", "conv1x1", "output"), ((0, 1), (1, 2), (3, 4), (4, 5)))
    spare = Architecture((*pair.ops, "pool"), pair.edges)  # with a node that nobody takes
    pairs = ArchitectureSet.from_architectures([pair, spare] * 3, architectures.vocabulary)
    for name in ENCODERS.names():
        chosen = architectures if name in encoders_of(architectures) else pairs
        with seeded(0):
            encoder = ENCODERS.get(name)(n_ops=len(architectures.vocabulary), width=16)
            task = CAP(encoder)
        for seed in range(5):
            with seeded(seed):
                loss = task.loss(encoder, Batch(chosen), task.targets(chosen, {}))["cap"]
            loss.backward()
            assert torch.isfinite(loss), name
        assert any(p.grad is not None and p.grad.any() for p in encoder.parameters()), name
        assert all(p.grad is not None and p.grad.any() for p in task.parameters()), name


def test_an_encoder_of_pairs_sees_the_other_cell_whole(architectures):
    path = ((0, 1), (1, 2), (2, 3), (3, 4))
    pair = Architecture(("pool",) * 5 + ("conv1x1",) * 5, (*path, *((a + 5, b + 5) for a, b in path)))
    pairs = ArchitectureSet.from_architectures([pair] * 20, architectures.vocabulary)
    encoder = ENCODERS.get("flowerformer_two_cell")(n_ops=len(architectures.vocabulary), width=16)
    task = CAP(encoder, hops=(1, 2))
    seen = []
    encoder.register_forward_hook(lambda module, args, output: seen.append(args[0].architectures))
    with seeded(0):
        task.loss(encoder, Batch(pairs), task.targets(pairs, {}))
    (shown,) = seen
    assert (shown.cell_counts == 2).all()
    sizes = {tuple(sorted(np.bincount(shown.cells[a:b]).tolist())) for a, b in pairwise(shown.node_ptr)}
    assert sizes == {(2, 5), (3, 5)}  # a centre at the end of the path, and one within it


@pytest.mark.parametrize("hops", [(0, 2), (2, 2), (3, 1)])
def test_hops_without_a_context_are_refused(hops):
    with pytest.raises(ArchflowError, match=re.escape(f"cap: hops {hops} span no context")):
        CAP(GatedGCN(5, 16), hops=hops)
