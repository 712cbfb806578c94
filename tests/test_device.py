"""Devices: which there are, and that every encoder and pretext task computes on a GPU what it computes on the CPU.

`make gpu` runs the tests marked `cuda`, which are skipped where there is none.
"""

import copy

import pytest
import torch

from archflow.device import usable
from archflow.encoders import ENCODERS, create
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.pretext import PRETEXT_TASKS, PretrainSettings, pretrain, vocabulary_for, with_proxies
from archflow.testing import random_architectures, settled
from tests.cell_pairs import paired

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.cuda, NO_CUDA])]
SOME = random_architectures(12, seed=7)
WAITING = {"ledg_former", "path_mlp"}
"""Encoders that look up grandparents, or paths, on the host."""


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_that_is_there_is_used(device):
    assert usable(device) == torch.device("cpu")


@pytest.mark.parametrize("device", ["gpu", "", "cpu:x", "vulkan", 1.5])
def test_any_other_is_one_line_that_names_it(device):
    with pytest.raises(ArchflowError) as caught:
        usable(device)
    assert str(caught.value).startswith(f"device {str(device)!r} cannot be used here (")
    assert "\n" not in str(caught.value)


def test_a_kind_that_torch_does_not_know_is_answered_by_those_that_there_may_be():
    with pytest.raises(ArchflowError, match=r"'gpu' .*no such device; a GPU is 'cuda'.*; use 'cpu'") as caught:
        usable("gpu")
    assert "vulkan" not in str(caught.value)


def made(name):
    """A small encoder that has seen the architectures, in evaluation mode, and these in the form that it reads."""
    architectures = paired(SOME) if ENCODERS.get(name).reads_pairs else SOME
    embedder = create(name, architectures, width=16)
    prepared = embedder.prepare(architectures)
    return settled(embedder.encoder, prepared).eval(), prepared


def learnt(encoder, batches):
    """Embeddings, and the gradient of the sum of their squares, on the CPU."""
    embeddings = torch.cat([encoder.embed(batch) for batch in batches])
    embeddings.square().sum().backward()
    gradients = {name: each.grad for name, each in encoder.named_parameters() if each.grad is not None}
    assert {each.device for each in gradients.values()} == {embeddings.device}
    return embeddings.detach().cpu(), {name: each.cpu() for name, each in gradients.items()}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ENCODERS.names())
def test_an_encoder_computes_on_a_device_what_it_computes_on_the_cpu_for_half_of_them(name, device):
    encoder, architectures = made(name)
    halves = [Batch(architectures, rows) for rows in torch.arange(len(architectures)).numpy().reshape(2, -1)]
    there = copy.deepcopy(encoder).to(device)
    found = learnt(there, [Batch(architectures, device=device)])
    torch.testing.assert_close(found, learnt(encoder, halves), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", sorted({*ENCODERS.names()} - WAITING))
def test_an_encoder_does_not_wait_for_the_device(name):
    """A tensor on `meta` has no values: whatever asks for them, and so waits for a GPU, raises an error."""
    encoder, architectures = made(name)
    encoder.to("meta").train()
    encoder.embed(Batch(architectures, device="meta")).sum().backward()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("task", PRETEXT_TASKS.names())
def test_a_task_trains_on_a_device_and_resumes_there(task, device, tmp_path):
    class Killed(Exception):
        pass

    def kill(epoch, losses):
        raise Killed

    def trained(device, on_epoch=None, checkpoint=None):
        known = SOME.recoded(vocabulary_for(task, SOME.vocabulary))
        embedder = create("gin", known, width=8)
        proxies = {"params": known.edge_counts.astype(float)}
        settings = PretrainSettings(epochs=2, batch_size=8, learning_rate=1e-4)
        more = {"tasks": with_proxies(task, {}, ["params"]), "checkpoint": checkpoint, "on_epoch": on_epoch}
        done = pretrain(embedder, task, known, proxies, settings, device=device, **more)
        weights = torch.cat([each.detach().flatten() for each in embedder.encoder.parameters()])
        assert weights.device.type == torch.device(device).type
        return weights.cpu(), {name: sum(losses) for name, losses in done.history["losses"].items()}

    weights, losses = trained(device)
    with pytest.raises(Killed):
        trained(device, kill, tmp_path / "state")
    resumed, again = trained(device, checkpoint=tmp_path / "state")
    torch.testing.assert_close(resumed, weights, rtol=0, atol=1e-5)
    assert again == pytest.approx(losses, rel=1e-3)
    # Another device draws other random numbers; its loss is about the same.
    assert losses == pytest.approx(trained("cpu")[1], rel=0.5)
