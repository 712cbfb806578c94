import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from archflow.encoders import Arch2Vec, Encoder, GatedGCN
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext import DCLP, PretrainSettings
from archflow.seeding import seeded
from archflow.testing import relabelled
from tests.pretraining import losses_of

SETTINGS = PretrainSettings(epochs=5, batch_size=16)


def made(architectures, encoder_type: type[Encoder] = GatedGCN, **arguments):
    with seeded(0):
        encoder = encoder_type(len(architectures.vocabulary), width=16)
        task = DCLP(encoder, **arguments)
    return encoder, task


@torch.no_grad()
def test_the_loss_is_the_formula(architectures):
    encoder, task = made(architectures)
    encoder.eval()
    task.eval()
    targets = task.targets(architectures, {})
    # Another key encoder than the query's, and no edits.
    for weight in task.key_encoder.parameters():
        weight.mul_(1.1)
    task.begin_epoch(0.6)
    rows = np.arange(20)
    found = task.loss(encoder, Batch(architectures, rows), {"dclp": targets["dclp"][:20]})["dclp"]
    query = task.projector(encoder.embed(Batch(architectures, rows)))
    key = task.key_projector(task.key_encoder.embed(Batch(architectures, rows)))
    terms, hidden = [], 0
    for n in range(20):
        q, k = query[n] / query[n].norm(), key[n] / key[n].norm()
        alike = math.exp(float(q @ k) / 0.07)
        total = alike
        for other, queued in zip(task.queue_classes, task.queue, strict=True):
            if other == targets["dclp"][n]:
                hidden += 1
            else:
                total += math.exp(float(q @ queued) / 0.07)
        terms.append(-math.log(alike / total))
    assert hidden, "the test would not see a positive among the negatives"
    assert float(found) == pytest.approx(sum(terms) / 20, rel=1e-4)


def test_the_key_encoder_follows_and_gets_no_gradient(architectures):
    encoder, task = made(architectures, momentum=0.9)
    encoder.train()
    task.train()
    targets = task.targets(architectures, {})
    with torch.no_grad():
        for weight in [*encoder.parameters(), *task.projector.parameters()]:
            weight.add_(1.0)
    before = copy.deepcopy(task)
    with seeded(0):
        task.loss(encoder, Batch(architectures), targets)["dclp"].backward()
    followers = [(task.key_encoder, before.key_encoder, encoder), (task.key_projector, before.key_projector, None)]
    for ours, old, query in followers:
        query = task.projector if query is None else query
        for now, was, there in zip(ours.parameters(), old.parameters(), query.parameters(), strict=True):
            torch.testing.assert_close(now, 0.9 * was + 0.1 * there)
            assert now.grad is None
            assert there.grad is not None


def test_evaluation_changes_nothing(architectures):
    encoder, task = made(architectures, Arch2Vec)
    targets = task.targets(architectures, {})
    encoder.eval()
    task.eval()
    before = copy.deepcopy(task.state_dict())
    task.loss(encoder, Batch(architectures), targets)
    assert all(torch.equal(value, before[name]) for name, value in task.state_dict().items())


def test_the_newest_keys_push_out_the_oldest(architectures):
    encoder, task = made(architectures)
    targets = task.targets(architectures, {})
    task.begin_epoch(0.6)
    encoder.eval()
    task.train()
    task.key_encoder.eval()  # no dropout, so that keys can be computed again
    assert task.queue.shape == (15, 128)
    assert len(set(task.queue_classes.tolist())) == 15
    expected = list(zip(task.queue_classes.tolist(), task.queue, strict=True))
    for first, last in ((0, 6), (6, 12), (12, 13), (13, 60)):
        rows = np.arange(first, last)
        task.loss(encoder, Batch(architectures, rows), {"dclp": targets["dclp"][first:last]})
        with torch.no_grad():
            keys = F.normalize(task.key_projector(task.key_encoder.embed(Batch(architectures, rows))), dim=1)
        taken = list(zip(targets["dclp"][first:last].tolist(), keys, strict=True))[:15]
        expected = (expected + taken)[-15:]
        assert task.queue_classes.tolist() == [number for number, _ in expected]
        torch.testing.assert_close(task.queue, torch.stack([key for _, key in expected]))


def test_the_queue_is_as_long_as_told_and_as_the_architectures_allow(architectures):
    for limit, size in ((8, 8), (16_384, 15)):
        encoder, task = made(architectures, queue=limit)
        task.targets(architectures, {})
        assert task.queue.shape == (size, 128)
        torch.testing.assert_close(task.queue.norm(dim=1), torch.ones(size))
        # Asked again, it is filled in the same way.
        again = task.queue.clone()
        torch.rand(3)
        task.targets(architectures, {})
        assert torch.equal(task.queue, again)
    encoder, task = made(architectures)
    few = architectures.select([5, 6, 7])
    loss = task.loss(encoder, Batch(few), task.targets(few, {}))["dclp"]
    loss.backward()
    assert float(loss.detach()) == 0


def test_the_curriculum_has_no_edits_in_the_middle(architectures):
    _, task = made(architectures)
    task.targets(architectures, {})
    batch = Batch(architectures)
    edited = []
    for epoch in range(60):
        task.begin_epoch(epoch / 60)
        with seeded(epoch):
            view = task._view(batch)
        changed = (view.op != batch.op).float()
        per_graph = torch.zeros(len(batch)).index_add(0, batch.graph, changed)
        assert per_graph.max() <= 1, "an edit replaces more than one operation"
        edited.append(bool(changed.any()))
    assert edited == [not 32 <= epoch < 42 for epoch in range(60)]


@torch.no_grad()
def test_relabelling_nodes_changes_no_loss_without_edits(architectures):
    encoder, task = made(architectures)
    encoder.eval()
    task.eval()
    task.begin_epoch(0.6)
    other, _ = relabelled(architectures, seed=3)
    assert torch.equal(task.targets(architectures, {})["dclp"], task.targets(other, {})["dclp"])
    losses = [
        float(task.loss(encoder, Batch(chosen), task.targets(chosen, {}))["dclp"]) for chosen in (architectures, other)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_hostile_architectures_do(architectures):
    single, isolated = Architecture(("pool",), ()), Architecture(("pool", "input", "output"), ())
    chosen = ArchitectureSet.from_architectures([single, isolated] * 8, architectures.vocabulary)
    encoder, task = made(chosen)
    loss = task.loss(encoder, Batch(chosen), task.targets(chosen, {}))["dclp"]
    loss.backward()
    assert torch.isfinite(loss)


class Killed(Exception):
    pass


@pytest.mark.parametrize("encoder_type", [GatedGCN, Arch2Vec])
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_killed_run_goes_on_to_the_same_weights_with_the_queue(architectures, tmp_path, encoder_type, epoch):
    def kill(now, losses):
        if now == epoch:
            raise Killed

    whole, task = made(architectures, encoder_type)
    losses = losses_of(whole, task, architectures, settings=SETTINGS)
    path = tmp_path / "state"
    with pytest.raises(Killed):
        losses_of(*made(architectures, encoder_type), architectures, None, SETTINGS, checkpoint=path, on_epoch=kill)
    again, resumed = made(architectures, encoder_type)
    assert losses_of(again, resumed, architectures, None, SETTINGS, checkpoint=path) == losses
    for ours, theirs in ((again, whole), (resumed, task)):
        first, second = ours.state_dict(), theirs.state_dict()
        assert set(first) == set(second)
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(task.queue, made_queue(architectures, encoder_type)), "the queue never moved"
    keys, queries = task.key_encoder.parameters(), whole.parameters()
    assert not all(torch.equal(key, query) for key, query in zip(keys, queries, strict=True))


def made_queue(architectures, encoder_type):
    _, task = made(architectures, encoder_type)
    task.targets(architectures, {})
    return task.queue
