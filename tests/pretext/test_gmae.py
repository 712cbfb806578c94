"""Hidden operations, drawn and named, against plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import GIN, GatedGCN
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext import MASK, GMAETask, PretrainSettings, vocabulary_for
from archflow.pretext.gmae import draw_nodes
from archflow.seeding import seeded
from archflow.testing import random_architectures, relabelled
from tests.pretraining import losses_of
from tests.strategies import sets


def with_mask(architectures: ArchitectureSet) -> ArchitectureSet:
    return architectures.recoded(vocabulary_for("gmae", architectures.vocabulary))


def made(architectures: ArchitectureSet, share: float) -> tuple[GatedGCN, GMAETask]:
    with seeded(0):
        encoder = GatedGCN(len(architectures.vocabulary), width=16).eval()
        return encoder, GMAETask(encoder, mask_ratio=share).eval()


@pytest.mark.parametrize("share", [0.05, 0.15, 0.75, 1.0])
def test_the_loss_is_that_of_the_definition(architectures, share):
    known = with_mask(architectures)
    encoder, task = made(known, share)
    rows = np.array([3, 40, 7, 22, 59])
    batch, counts = Batch(known, rows), task.targets(known, {})["gmae_hidden"][rows]
    with seeded(1):
        hidden = set(draw_nodes(batch, counts).tolist())
    terms, first = [], 0
    for row, count in zip(rows, counts, strict=True):
        true = known[int(row)]
        here = [first + i in hidden for i in range(len(true.ops))]
        assert sum(here) == count
        seen = Architecture(tuple(MASK if h else op for h, op in zip(here, true.ops, strict=True)), true.edges)
        nodes = encoder(Batch(ArchitectureSet.from_architectures([seen], known.vocabulary)))
        for node, op in enumerate(true.ops):
            if here[node]:
                probability = torch.softmax(task.decoder(nodes[node]), 0)[known.vocabulary.index(op)]
                terms.append(-probability.log())
        first += len(true.ops)
    with seeded(1):
        parts = task.loss(encoder, batch, {"gmae_hidden": counts})
    assert set(parts) == {"gmae"}
    torch.testing.assert_close(parts["gmae"], torch.stack(terms).mean())


@given(sets(max_size=8), st.floats(0.01, 1), st.integers(0, 5))
def test_every_architecture_has_its_number_of_hidden_nodes(small, share, seed):
    """Single nodes, graphs without edges, the same architecture twice in a batch."""
    known = with_mask(small)
    _, task = made(known, share)
    counts = task.targets(known, {})["gmae_hidden"]
    assert counts.tolist() == [max(1, round(share * len(a.ops))) for a in known]
    rows = np.r_[np.arange(len(known)), 0]
    with seeded(seed):
        hidden = draw_nodes(Batch(known, rows), counts[rows])
    assert len(hidden.unique()) == len(hidden)
    owners = np.repeat(np.arange(len(rows)), known.node_counts[rows])
    assert np.bincount(owners[hidden.numpy()], minlength=len(rows)).tolist() == counts[rows].tolist()


def test_all_nodes_are_hidden_alike_and_anew():
    known = with_mask(random_architectures(40, seed=2, max_nodes=5))
    batch = Batch(known)
    counts = torch.from_numpy(known.node_counts // 2).clamp(min=1)
    times = torch.zeros(len(known.op))
    with seeded(0):
        for _ in range(2000):
            times[draw_nodes(batch, counts)] += 1
    expected = 2000 * (counts / batch.sizes)[batch.graph]
    # Six standard deviations of a binomial count.
    assert ((times - expected).abs() <= 6 * (expected * (1 - expected / 2000)).sqrt()).all()


def test_the_encoder_does_not_see_what_is_hidden(architectures):
    known = with_mask(architectures)
    others = ArchitectureSet(
        known.vocabulary, (known.op + 1) % 5, known.node_ptr, known.edge_src, known.edge_dst, known.edge_ptr
    )
    encoder, task = made(known, 1.0)
    outputs = []
    encoder.register_forward_hook(lambda module, args, output: outputs.append(output))
    losses = [task.loss(encoder, Batch(s), task.targets(s, {}))["gmae"] for s in (known, others)]
    assert torch.equal(*outputs)
    assert not torch.equal(*losses)


def test_renumbered_nodes_have_the_same_loss(architectures):
    """Where all nodes are hidden nothing is drawn."""
    known = with_mask(architectures)
    encoder, task = made(known, 1.0)
    one, other = (task.loss(encoder, Batch(s), task.targets(s, {}))["gmae"] for s in (known, relabelled(known, 4)[0]))
    torch.testing.assert_close(one, other)


def test_operations_that_follow_from_the_graph_are_learnt():
    """Sources, sinks and what lies between tell their operations by their edges."""
    graphs = random_architectures(80, seed=3, edge_share=0.6)
    sends, hears = np.zeros(len(graphs.op), bool), np.zeros(len(graphs.op), bool)
    start = np.repeat(graphs.node_ptr[:-1], graphs.edge_counts)
    sends[graphs.edge_src + start], hears[graphs.edge_dst + start] = True, True
    op = np.where(sends & hears, 2, np.where(sends, 0, 1))
    known = with_mask(
        ArchitectureSet(graphs.vocabulary, op, graphs.node_ptr, graphs.edge_src, graphs.edge_dst, graphs.edge_ptr)
    )
    with seeded(0):
        encoder = GIN(len(known.vocabulary), width=32)
        task = GMAETask(encoder, mask_ratio=0.15)
    losses = losses_of(encoder, task, known, settings=PretrainSettings(epochs=40, batch_size=20, learning_rate=5e-3))
    assert losses["gmae"][-1] < 0.4 * losses["gmae"][0]


def test_what_cannot_be_hidden_is_refused(architectures):
    encoder, task = made(architectures, 0.15)
    with pytest.raises(ArchflowError, match="the task hides operations: recode the architectures"):
        task.targets(architectures, {})
    for share in (0.0, -0.1, 1.5):
        with pytest.raises(ArchflowError, match="must be a fraction of the nodes, above 0 and up to 1"):
            GMAETask(encoder, mask_ratio=share)
    with pytest.raises(ArchflowError, match="mask_ratio must be a number"):
        GMAETask(encoder, mask_ratio=float("nan"))
