import multiprocessing
import os
from datetime import timedelta

import pytest
import torch
import torch.distributed as dist
from torch import nn

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.pretext import PretrainSettings, distributed, pretrain, vocabulary_for
from archflow.pretext.distributed import average_gradients, check_start, leads, shared, torchrun_group
from archflow.testing import random_architectures

TASK = "fgp+gmae+graphcl"  # pairs of a batch, hidden operations, edited views
SETTINGS = PretrainSettings(epochs=3, batch_size=15)


class Killed(Exception):
    pass


def trained(checkpoint=None, last=None):
    """Weights and losses after a small pre-training with dropout, the last batch of which has a single architecture."""
    architectures = random_architectures(31, seed=7)
    architectures = architectures.recoded(vocabulary_for(TASK, architectures.vocabulary))
    proxies = {"edges": architectures.edge_counts.astype(float)}
    embedder = create("gin", architectures, width=8)
    epochs = []

    def on_epoch(epoch, losses):
        epochs.append(epoch)
        if epoch == last:
            raise Killed

    done = pretrain(
        *(embedder, TASK, architectures, proxies, SETTINGS),
        tasks={"fgp": {"proxies": ["edges"]}},
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return torch.cat([each.detach().flatten() for each in embedder.encoder.parameters()]), done.history, epochs


def member(rank, folder):
    """Train as one of two processes, whose weights must be equal; a start that differs is refused."""
    store = f"file://{folder / 'meeting'}"
    dist.init_process_group("gloo", store, timedelta(seconds=60), world_size=2, rank=rank)
    try:
        weights, history, epochs = trained(folder / "state")
        assert leads() == (rank == 0)
        assert epochs == ([1, 2, 3] if leads() else [])
        check_start(weights.tolist(), history["losses"])
        with pytest.raises(ArchflowError, match="the 2 processes have different settings, data"):
            check_start(rank)
        dist.barrier()  # one that leaves while another still listens aborts it
        return weights, history
    finally:
        dist.destroy_process_group()


def second(folder):
    member(1, folder)
    os._exit(0)  # threads of gloo sometimes abort an interpreter that ends by itself


def test_two_processes_go_on_from_the_state_of_one_and_reach_its_weights(tmp_path):
    with pytest.raises(Killed):
        trained(tmp_path / "state", last=1)
    other = multiprocessing.get_context("spawn").Process(target=second, args=(tmp_path,))
    other.start()
    weights, history = member(0, tmp_path)
    other.join()
    assert other.exitcode == 0
    alone, expected, epochs = trained()
    assert epochs == [1, 2, 3]
    torch.testing.assert_close(weights, alone, rtol=0, atol=1e-5)
    for name, losses in expected["losses"].items():
        assert history["losses"][name] == pytest.approx(losses, rel=1e-5)


def test_an_encoder_that_normalises_over_the_batch_is_refused(monkeypatch, architectures):
    encoder = create("gps", architectures, width=8).encoder
    monkeypatch.setattr(distributed, "processes", lambda: 2)
    with pytest.raises(ArchflowError, match="GPS normalises over the whole batch, which 2 processes"), shared(encoder):
        pass


def test_a_process_alone_changes_nothing(architectures):
    encoder = create("gin", architectures, width=8).encoder
    with shared(encoder), torchrun_group("cpu") as device:
        assert device == "cpu"
        assert "forward" not in vars(encoder)
        assert leads()
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([1.0, 2.0])
    average_gradients([parameter])
    assert parameter.grad.tolist() == [1, 2]


def test_torchrun_starts_a_group_that_ends_with_the_block(monkeypatch, tmp_path):
    place = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    for name, value in {**place, "TORCHELASTIC_RUN_ID": "none"}.items():
        monkeypatch.setitem(os.environ, name, value)
    with torchrun_group("cpu") as device:
        assert (device, dist.get_world_size()) == ("cpu", 1)
        assert leads()
    assert not dist.is_initialized()
