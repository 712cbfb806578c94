"""The variational graph auto-encoder against its equations, and what its codes decode to."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.encoders import GIN, Arch2Vec, Encoder, GatedGCN
from archflow.graph import Architecture, ArchitectureSet, padded
from archflow.graph.batch import Batch
from archflow.pretext import PretrainSettings, VariationalGraphAutoEncoder, make_task
from archflow.pretext.arch2vec import KL_WEIGHT
from archflow.pretext.latent_sampling import CodeStatistics, forward_numbers
from archflow.seeding import seeded
from archflow.spaces import NASBench201
from archflow.testing import check_pretext_task, random_architectures
from tests.pretraining import losses_of
from tests.strategies import VOCABULARY, relabellings, sets

PARTS = {"arch2vec_operations", "arch2vec_edges", "arch2vec_kl"}


def pair_of(n_ops: int, kind: type[Encoder] = Arch2Vec, seed: int = 0) -> tuple[Encoder, VariationalGraphAutoEncoder]:
    """An encoder and its task, as after some training: weights that are not small, both in evaluation."""
    with seeded(seed):
        encoder = kind(n_ops, width=16)
        task = VariationalGraphAutoEncoder(encoder)
        with torch.no_grad():
            for weight in task.parameters():
                weight.add_(0.3 * torch.randn_like(weight))
    return encoder.eval(), task.eval()


def loss_of(encoder: Encoder, task: VariationalGraphAutoEncoder, architectures: ArchitectureSet) -> dict:
    with torch.no_grad():
        return task.loss(encoder, Batch(architectures), task.targets(architectures, {}))


def plain_loss(task: VariationalGraphAutoEncoder, mean, log_std, architectures: ArchitectureSet) -> dict[str, float]:
    """The loss in evaluation, node by node and pair by pair."""
    operations, edges, divergence = [], [], []
    first = 0
    for architecture in architectures:
        nodes = range(len(architecture.ops))
        for v in nodes:
            mu, s = mean[first + v], log_std[first + v]
            score = task.operations.weight @ mu + task.operations.bias
            own = architectures.vocabulary.index(architecture.ops[v])
            operations.append(-math.log(float(score[own].exp() / score.exp().sum())))
            divergence.append(
                -0.5 * sum(1 + 2 * b - a**2 - math.exp(2 * b) for a, b in zip(mu.tolist(), s.tolist(), strict=True))
            )
        for u, v in itertools.combinations(nodes, 2):
            joined = (u, v) in architecture.edges or (v, u) in architecture.edges
            odds = float(mean[first + u] @ mean[first + v]) * (1 if joined else -1)
            edges.append(math.log1p(math.exp(-odds)))  # -log(1 / (1 + exp(-odds)))
        first += len(architecture.ops)
    return {
        "arch2vec_operations": float(np.mean(operations)),
        "arch2vec_edges": float(np.mean(edges)) if edges else 0.0,
        "arch2vec_kl": KL_WEIGHT * float(np.mean(divergence)),
    }


@pytest.mark.parametrize("kind", [Arch2Vec, GatedGCN])
def test_the_loss_is_its_equations(architectures, kind):
    encoder, task = pair_of(len(architectures.vocabulary), kind)
    with torch.no_grad():
        found = loss_of(encoder, task, architectures)
        mean, log_std = task.code(encoder, Batch(architectures))
        expected = plain_loss(task, mean, log_std, architectures)
    assert set(found) == PARTS
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected, rel=1e-4)


@given(sets())
@settings(max_examples=25)
def test_any_graphs_have_the_plain_loss(architectures):
    """Single nodes, no edges, batches smaller than the set that the targets were made for."""
    encoder, task = pair_of(len(VOCABULARY), GIN)
    targets = task.targets(architectures, {})
    for rows in (np.arange(len(architectures)), np.array([len(architectures) - 1])):
        batch = Batch(architectures, rows)
        with torch.no_grad():
            found = task.loss(encoder, batch, {name: value[rows] for name, value in targets.items()})
            expected = plain_loss(task, *task.code(encoder, batch), architectures.select(rows))
        assert {name: float(value) for name, value in found.items()} == pytest.approx(expected, rel=1e-3, abs=1e-5)


@given(relabellings())
@settings(max_examples=25)
def test_the_numbering_of_nodes_does_not_count(pair):
    encoder, task = pair_of(len(VOCABULARY))
    one, other = (
        loss_of(encoder, task, ArchitectureSet.from_architectures([architecture], VOCABULARY))
        for architecture in pair[:2]
    )
    for name in PARTS:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-5)


def test_the_mean_of_arch2vec_is_its_embedding_and_of_others_is_learnt(architectures):
    batch = Batch(architectures)
    encoder, task = pair_of(len(architectures.vocabulary))
    with torch.no_grad():
        torch.testing.assert_close(task.code(encoder, batch)[0], encoder(batch))
    assert task.mean is None
    assert task.log_std.in_features == 16
    encoder, task = pair_of(len(architectures.vocabulary), GatedGCN)
    assert [code.shape for code in task.code(encoder, batch)] == [(len(architectures.op), 16)] * 2


def test_only_training_adds_noise(architectures):
    encoder, task = pair_of(len(architectures.vocabulary))
    still = [loss_of(encoder, task, architectures) for _ in range(2)]
    assert still[0] == still[1]
    with seeded(1):
        noisy = [loss_of(encoder, task.train(), architectures) for _ in range(2)]
    assert noisy[0]["arch2vec_edges"] != noisy[1]["arch2vec_edges"]
    assert noisy[0]["arch2vec_operations"] != noisy[1]["arch2vec_operations"]
    assert noisy[0]["arch2vec_kl"] == noisy[1]["arch2vec_kl"] == still[0]["arch2vec_kl"]


def test_the_noise_has_the_spread_that_the_code_says(architectures, monkeypatch):
    """Without dropout, Z is normal around mu with standard deviation exp(s)."""
    encoder, task = pair_of(len(architectures.vocabulary))
    seen = []
    monkeypatch.setattr("archflow.pretext.arch2vec.dropout", lambda z, p, training: seen.append((z, p, training)) or z)
    with seeded(4):
        for _ in range(200):
            loss_of(encoder, task.train(), architectures)
    assert {call[1:] for call in seen} == {(0.3, True)}
    drawn = torch.stack([call[0] for call in seen])
    with torch.no_grad():
        mean, log_std = task.code(encoder, Batch(architectures))
    standard = (drawn - mean) / log_std.exp()
    assert float(standard.mean()) == pytest.approx(0, abs=0.01)
    assert float(standard.std()) == pytest.approx(1, abs=0.01)


def test_arch2vec_as_its_own_encoder_keeps_the_contract(architectures):
    check_pretext_task(
        lambda encoder: VariationalGraphAutoEncoder(encoder),
        lambda: Arch2Vec(len(architectures.vocabulary), width=16, depth=2),
        architectures,
        {"parameters": architectures.edge_counts + 0.0},
    )


def test_it_goes_together_with_other_tasks(architectures):
    encoder, _ = pair_of(len(architectures.vocabulary))
    task = make_task("flow+0.5*arch2vec", encoder)
    parts = task.loss(encoder, Batch(architectures), task.targets(architectures, {}))
    assert set(parts) == {"flow", *PARTS}


@pytest.fixture(scope="module")
def trained():
    """A small arch2vec on 300 cells of NAS-Bench-201."""
    cells = NASBench201().sample(300, np.random.default_rng(0))
    with seeded(0):
        encoder = Arch2Vec(len(cells.vocabulary), width=32, depth=3)
        task = VariationalGraphAutoEncoder(encoder)
    how = PretrainSettings(epochs=20, batch_size=32, learning_rate=1e-2, weight_decay=0.0)
    losses_of(encoder, task, cells, settings=how)
    return encoder, task.eval(), cells


def test_training_learns_to_rebuild_cells_it_has_not_seen(trained):
    encoder, task, _ = trained
    others = NASBench201().sample(200, np.random.default_rng(9))
    batch = Batch(others)
    operations, adjacency = task.reconstruct(encoder, batch)
    assert operations.shape == (1600, 7)
    torch.testing.assert_close(operations.sum(1), torch.ones(1600))
    assert (operations.argmax(1) == batch.op).double().mean() > 0.85
    pairs = torch.ones(8, 8).triu(1).bool()
    joined = (batch.dense_edges | batch.dense_edges.transpose(1, 2))[:, pairs]
    assert ((adjacency[:, pairs] > 0.5) == joined).double().mean() > 0.75  # 0.64 of the pairs are not joined
    torch.testing.assert_close(adjacency, adjacency.transpose(1, 2))


def test_decoding_the_mean_codes_gives_what_reconstruct_says(trained):
    encoder, task, cells = trained
    batch = Batch(cells)
    operations, adjacency = task.reconstruct(encoder, batch)
    with torch.no_grad():
        z = batch.padded.gather(task.code(encoder, batch)[0])
    decoded = task.decode(z, cells.node_counts, cells.vocabulary)
    assert np.array_equal(decoded.op, operations.argmax(1).numpy())
    for row in (0, 17, 299):
        chances = adjacency[row]
        edges = {(u, v) for u, v in itertools.combinations(range(8), 2) if chances[u, v] > 0.5}
        assert set(decoded[row].edges) == edges


def test_decoding_leaves_out_places_without_a_node():
    _, task = pair_of(len(VOCABULARY))
    z = torch.ones(3, 4, 16)  # all alike: every pair is joined
    decoded = task.decode(z, np.array([4, 1, 2]), VOCABULARY)
    assert decoded.node_counts.tolist() == [4, 1, 2]
    assert decoded.edge_counts.tolist() == [6, 0, 1]
    assert len(set(decoded.op)) == 1
    assert [len(architecture.topological_order) for architecture in decoded] == [4, 1, 2]


def test_samples_follow_the_seed_and_look_like_the_space(trained):
    encoder, task, cells = trained
    drawn = task.sample(encoder, cells, 400, np.random.default_rng(5))
    again = task.sample(encoder, cells, 400, np.random.default_rng(5))
    assert (drawn.hashes == again.hashes).all()
    assert len(drawn) == 400
    assert (drawn.node_counts == 8).all()
    ends = drawn.op.reshape(400, 8)[:, [0, -1]]
    named = [drawn.vocabulary.index("input"), drawn.vocabulary.index("output")]
    assert (ends == named).all(axis=1).mean() > 0.8
    assert len(np.unique(drawn.hashes)) > 20


@given(sets(), st.integers(0, 5))
def test_statistics_are_those_of_every_size_and_position(architectures, seed):
    codes = torch.from_numpy(np.random.default_rng(seed).normal(3, 2, (len(architectures.op), 2)))
    numbers = forward_numbers(architectures)
    found = CodeStatistics.of(codes, architectures)
    assert found.shares.sum() == pytest.approx(1)
    owner = np.repeat(np.arange(len(architectures)), architectures.node_counts)
    for i, size in enumerate(found.sizes):
        assert found.shares[i] == pytest.approx((architectures.node_counts == size).mean())
        for position in range(found.mean.shape[1]):
            here = codes.numpy()[(architectures.node_counts[owner] == size) & (numbers == position)]
            expected = (here.mean(0), here.std(0)) if position < size else (np.zeros(2), np.zeros(2))
            np.testing.assert_allclose(found.mean[i, position], expected[0], atol=1e-9)
            np.testing.assert_allclose(found.std[i, position], expected[1], atol=1e-9)


@given(sets())
def test_all_edges_go_forward_in_the_numbers_of_positions(architectures):
    numbers = forward_numbers(architectures)
    start = np.repeat(architectures.node_ptr[:-1], architectures.edge_counts)
    assert (numbers[architectures.edge_src + start] < numbers[architectures.edge_dst + start]).all()
    for row in range(len(architectures)):
        own = numbers[architectures.node_ptr[row] : architectures.node_ptr[row + 1]]
        assert sorted(own) == list(range(len(own)))


def test_draws_have_the_statistics():
    small, large = Architecture(("conv",), ()), Architecture(("conv", "pool"), ((0, 1),))
    cells = ArchitectureSet.from_architectures([small, large, large, large], VOCABULARY)
    codes = torch.tensor([[5.0], [0.0], [10.0], [2.0], [12.0], [4.0], [14.0]])
    drawn, sizes = CodeStatistics.of(codes, cells).draw(20_000, np.random.default_rng(0))
    assert drawn.shape == (20_000, 2, 1)
    assert (sizes == 1).mean() == pytest.approx(0.25, abs=0.02)
    assert (drawn[sizes == 1, 0] == 5).all()
    for position, mean in ((0, 2.0), (1, 12.0)):
        here = drawn[sizes == 2, position, 0]
        assert float(here.mean()) == pytest.approx(mean, abs=0.1)
        assert float(here.std()) == pytest.approx(math.sqrt(8 / 3), abs=0.1)


def test_one_large_architecture_does_not_pad_the_others_pairs(monkeypatch):
    small, large = random_architectures(24, 1, max_nodes=4), random_architectures(6, 2, max_nodes=40)
    architectures = ArchitectureSet.concatenate([small, large])
    encoder, task = pair_of(len(architectures.vocabulary), GIN)
    whole = loss_of(encoder, task, architectures)
    monkeypatch.setattr(padded, "FEW_PAIRS", 0)
    assert len(Batch(architectures).padded.parts) > 1
    parted = loss_of(encoder, task, architectures)
    for name in PARTS:
        torch.testing.assert_close(parted[name], whole[name], rtol=1e-5, atol=1e-6)


def test_what_it_learns_takes_no_memory_beside_the_architectures():
    ops, source = np.zeros(30_000, np.int32), np.arange(29_999)
    path = ArchitectureSet(VOCABULARY, ops, [0, 30_000], source, source + 1, [0, 29_999])
    _, task = pair_of(len(VOCABULARY), GIN)
    tracemalloc.start()
    task.targets(path, {})  # all pairs of its nodes would be 450 MB
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
