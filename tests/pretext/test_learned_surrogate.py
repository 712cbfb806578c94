"""The embedding of a trained encoder as a surrogate."""

import numpy as np
import pytest
import torch

from archflow.encoders import GIN
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.effective import view
from archflow.pretext import (
    FlowReconstruction,
    LearnedSurrogate,
    PretrainSettings,
    make_task,
    with_proxies,
)
from archflow.seeding import seeded
from archflow.spaces import NASBench201
from archflow.testing import check_pretext_task
from tests.pretraining import losses_of


@pytest.fixture
def teacher(architectures, tmp_path):
    with seeded(1):
        encoder = GIN(len(architectures.vocabulary), width=8).eval()
    path = tmp_path / "teacher.safetensors"
    Embedder(encoder, Preparation(architectures.vocabulary)).save(path)
    return encoder, LearnedSurrogate(str(path))


def test_every_dimension_is_standardised(teacher, architectures):
    encoder, surrogate = teacher
    target = surrogate(architectures)
    assert target.shape == (len(architectures), surrogate.size) == (60, encoder.dim)
    with torch.no_grad():
        embedding = encoder.embed(Batch(architectures)).numpy()
    varies = embedding.std(0) > 1e-6 * np.abs(embedding).max(0)
    assert 2 < varies.sum() < encoder.dim  # of some ReLUs nothing comes out, whatever the architecture
    wanted = np.zeros_like(embedding)
    known = embedding[:, varies]
    wanted[:, varies] = (known - known.mean(0)) / (known.std(0) * encoder.dim**0.5)
    np.testing.assert_allclose(target.numpy(), wanted, atol=1e-4)


def test_a_decoder_that_knows_nothing_has_at_most_a_loss_of_one(teacher, architectures):
    _, surrogate = teacher
    task = FlowReconstruction(GIN(5, 8), surrogate)
    for parameter in task.parameters():
        torch.nn.init.zeros_(parameter)
    targets = task.targets(architectures, {})
    varying = int((targets["flow"].std(0) > 0).sum())
    loss = task.loss_of(torch.ones(60, 24), targets)["flow"]
    torch.testing.assert_close(loss, torch.tensor(varying / surrogate.size), atol=1e-4, rtol=0)


def test_the_size_of_the_set_and_the_order_of_operations_do_not_matter(teacher, architectures):
    _, surrogate = teacher
    several = architectures.select(np.tile(np.arange(60), 9))  # more than a batch
    np.testing.assert_allclose(surrogate(several)[-60:], surrogate(architectures), atol=1e-5)
    other = architectures.recoded(Vocabulary(("[mask]", *architectures.vocabulary.ops[::-1])))
    np.testing.assert_array_equal(surrogate(other), surrogate(architectures))


def test_the_teacher_sees_architectures_in_its_own_view(teacher, tmp_path):
    """A dead branch changes what a teacher of whole architectures says, and not one of effective ones."""
    encoder, _ = teacher
    cells = NASBench201().sample(40, np.random.default_rng(0))
    with seeded(1):
        encoder = GIN(len(cells.vocabulary), width=8).eval()
    targets = []
    for shown, given in (("effective", cells), ("whole", view("effective")(cells))):
        Embedder(encoder, Preparation(cells.vocabulary, shown)).save(tmp_path / shown)
        targets.append(LearnedSurrogate(str(tmp_path / shown))(given))
    torch.testing.assert_close(*targets)
    assert not torch.allclose(LearnedSurrogate(str(tmp_path / "whole"))(cells), targets[0], atol=1e-3)


@pytest.mark.parametrize("name", ["flow", "fgp", "0.5*flow+proxy_ranking"])
def test_tasks_take_it_for_the_flow(name, teacher, architectures):
    surrogate = {"surrogate": teacher[1]}
    settings = with_proxies(name, {"flow": surrogate, "fgp": surrogate}, ["edges"])
    check_pretext_task(
        lambda encoder: make_task(name, encoder, settings),
        lambda: GIN(len(architectures.vocabulary), width=8),
        architectures,
        {"edges": architectures.edge_counts.astype(float)},
    )


def test_it_is_told_to_the_state_of_an_unfinished_training(teacher, architectures, tmp_path):
    def train(surrogate: LearnedSurrogate) -> None:
        with seeded(0):
            encoder = GIN(len(architectures.vocabulary), width=8)
            task = make_task("flow", encoder, surrogate=surrogate)
        losses_of(encoder, task, architectures, settings=PretrainSettings(epochs=1), checkpoint=tmp_path / "state")

    _, surrogate = teacher
    train(surrogate)
    train(surrogate)
    with seeded(2):
        other = GIN(len(architectures.vocabulary), width=8)
        Embedder(other, Preparation(architectures.vocabulary)).save(surrogate.encoder)
    with pytest.raises(ArchflowError, match="an unfinished run with other settings or data"):
        train(surrogate)


def test_what_is_no_teacher_is_refused(teacher, architectures, tmp_path):
    def task(path: str) -> FlowReconstruction:
        return FlowReconstruction(GIN(5, 8), {"encoder": path})

    with pytest.raises(ArchflowError, match="no such file"):
        task(str(tmp_path / "gone.safetensors"))
    _, surrogate = teacher
    torn = tmp_path / "torn.safetensors"
    with open(surrogate.encoder, "rb") as file:
        torn.write_bytes(file.read()[:-100])
    with pytest.raises(ArchflowError, match="truncated, damaged or not written by archflow"):
        task(str(torn))
    ops = architectures.vocabulary.ops
    fewer = tmp_path / "fewer.safetensors"
    Embedder(GIN(len(ops) - 1, 8), Preparation(Vocabulary(ops[:-1]))).save(fewer)
    with pytest.raises(ArchflowError, match=f"unknown operation {ops[-1]!r}"):
        task(str(fewer)).targets(architectures, {})
