"""Memory of encoders: linear in the data, or refused in one line before the work."""

import numpy as np
import pytest
import torch

from archflow.encoders import create, memory, stack
from archflow.encoders.base import ENCODERS, encoders_of
from archflow.encoders.embedding import embed
from archflow.encoders.gated_gcn import GatedConvolution
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, padded, pieces
from archflow.graph.batch import Batch
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.pretext import PretrainSettings, pretrain
from archflow.seeding import member_streams
from archflow.testing import random_architectures
from tests.memory import peak_memory

PAIRED = ("dense_edges", "reachable", "connected", "connected_parts")
"""Parts of a batch that hold something for every pair of nodes."""


def test_encoders_that_look_at_pairs_of_nodes_say_so(architectures):
    for name in encoders_of(architectures):
        encoder, batch = ENCODERS.get(name)(n_ops=5), Batch(architectures)
        with torch.inference_mode():
            encoder.embed(batch)
        # Nodes in rectangles are for attention.
        looks_at_pairs = "index" in vars(batch.padded) or any(part in vars(batch) for part in PAIRED)
        assert (encoder.pair_layers > 0) == looks_at_pairs, name
        assert (encoder.pair_bytes(training=True) > encoder.pair_bytes(training=False)) == (encoder.pair_layers > 0)


@pytest.mark.parametrize("name", ["transformer", "flowerformer", "gated_gcn"])
def test_batches_cut_to_size_give_the_same_embeddings(name, architectures, monkeypatch):
    encoder = create(name, architectures).encoder
    whole = embed(encoder, architectures)
    monkeypatch.setattr(pieces.pieces, "__defaults__", (10_000,))
    seen: list[int] = []
    cut = embed(encoder, architectures, on_batch=seen.append)
    assert len(seen) > 3
    assert sum(seen) == len(architectures)
    np.testing.assert_allclose(cut, whole, atol=1e-3, rtol=1e-4)


def test_one_large_architecture_does_not_pad_the_others():
    assert (
        peak_memory("""
        from archflow.encoders import create
        some = one_large(2000, 2000)  # a batch of 256, padded: 16 GB for the scores of one layer
        found = create("transformer", some, width=32).embed(some)
        assert found.shape == (2001, 32) and np.isfinite(found).all()
    """)
        < 1.5 * 2**30
    )


def test_flowerformer_trains_with_a_large_architecture_among_small_ones():
    assert (
        peak_memory("""
        from archflow.encoders import create, stack
        from archflow.graph.batch import Batch
        from archflow.seeding import member_streams
        some = one_large(1000, 200)
        members = stack([create("flowerformer", some, seed=k).encoder for k in range(6)]).train()
        rows = np.random.default_rng(0).choice(1000, (6, 32))
        rows[:, 0] = 1000  # padded, all that the gradient needs takes over 7 GB
        with member_streams([(k, 0) for k in range(6)], "cpu"):
            members.embed(Batch(some, rows)).sum().backward()
    """)
        < 2.2 * 2**30
    )


@pytest.mark.parametrize("training", [False, True])
def test_rectangles_of_similar_sizes_change_nothing(training, monkeypatch):
    small, large = random_architectures(24, 1, max_nodes=4), random_architectures(6, 2, max_nodes=40)
    architectures = ArchitectureSet.concatenate([small, large])
    rows = np.random.default_rng(0).permutation(30).reshape(2, 15)

    def run() -> tuple[torch.Tensor, list[torch.Tensor]]:
        members = stack([create("flowerformer", architectures, seed=k, width=16, depth=2).encoder for k in range(2)])
        members.train(training)
        with member_streams([(1, 0), (2, 0)], "cpu"):
            found = members.embed(Batch(architectures, rows))
        found.square().sum().backward()
        return found.detach(), [each.grad for each in members.parameters() if each.grad is not None]

    whole, gradients = run()
    monkeypatch.setattr(padded, "FEW_PAIRS", 0)
    assert len(Batch(architectures, rows).padded.parts) > 1
    parted, others = run()
    torch.testing.assert_close(parted, whole, atol=1e-5, rtol=1e-4)
    for one, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)


LINE = r"^Transformer: .*the largest architecture, of \d nodes, takes about \d+ GB of the \d+ GB there are, .*gated_gcn"


def test_what_memory_cannot_hold_is_refused_before_the_work(architectures, monkeypatch, tmp_path):
    embedder = create("transformer", architectures, width=8)
    before = {name: value.clone() for name, value in embedder.encoder.state_dict().items()}
    monkeypatch.setattr(memory, "available", lambda device: 1000)
    with pytest.raises(ArchflowError, match=LINE):
        embedder.embed(architectures)
    with pytest.raises(ArchflowError, match=LINE):
        pretrain(embedder, "gmae", architectures, settings=PretrainSettings(epochs=1))
    learner, reached = NetworkPredictor(embedder, settings=FineTuneSettings(epochs=1)), []
    with pytest.raises(ArchflowError, match=LINE):
        learner.fit(architectures, np.arange(60.0), on_epoch=reached.append, checkpoint=tmp_path / "state")
    assert not reached
    assert not list(tmp_path.iterdir())
    assert all(torch.equal(value, before[name]) for name, value in embedder.encoder.state_dict().items())
    linear = create("gin", architectures, width=8)
    assert linear.embed(architectures).shape == (60, 24)


@pytest.mark.parametrize(("n_ops", "looked_up"), [(14, True), (170, False)])
def test_messages_between_all_operations_are_made_only_while_they_are_few(n_ops, looked_up, monkeypatch):
    architectures = random_architectures(16, 1, ops=tuple(f"op{i}" for i in range(n_ops)))
    encoder, seen = create("gated_gcn", architectures, width=8).encoder, []
    of_pairs = GatedConvolution._of_pairs
    monkeypatch.setattr(GatedConvolution, "_of_pairs", lambda *given: seen.append(given) or of_pairs(*given))
    encoder.embed(Batch(architectures))
    assert bool(seen) == looked_up
