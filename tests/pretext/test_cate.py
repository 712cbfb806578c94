"""Pairs of similar computation, their corruption and their loss, against plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import GIN, GatedGCN
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext import MASK, CATETask, PretrainSettings, vocabulary_for
from archflow.pretext.cate import corrupted
from archflow.seeding import seeded
from archflow.testing import random_architectures, relabelled
from tests.pretraining import losses_of


def with_mask(architectures: ArchitectureSet) -> ArchitectureSet:
    return architectures.recoded(vocabulary_for("cate", architectures.vocabulary))


def made(architectures: ArchitectureSet, **config) -> tuple[GatedGCN, CATETask]:
    with seeded(0):
        encoder = GatedGCN(len(architectures.vocabulary), width=16).eval()
        return encoder, CATETask(encoder, cost="parameters", **{"width": 16, "depth": 2, **config}).eval()


def candidates(values: list[float], row: int, distance: float) -> set[int]:
    """The rows before `row`, in the order of finite values and then of rows, whose values are near its own."""
    if not np.isfinite(values[row]):
        return set()
    before = {i for i, v in enumerate(values) if np.isfinite(v) and (v, i) < (values[row], row)}
    return {i for i in before if values[i] >= values[row] - distance}


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, 6.0, np.nan, np.inf]), min_size=2, max_size=20), st.data())
def test_partners_are_earlier_ones_of_similar_computation(values, data):
    values = [0.0, 8.0, *values]
    architectures = with_mask(random_architectures(len(values), seed=0, max_nodes=2))
    share = data.draw(st.sampled_from([0.0, 0.125, 0.25, 0.6, 1.0]))
    _, task = made(architectures, distance=share)
    partners = task.targets(architectures, {"parameters": np.array(values)})["cate_partners"]
    assert partners.shape == (len(values), 2)
    for row, drawn in enumerate(partners.tolist()):
        assert set(drawn) <= (candidates(values, row, share * 8.0) or {-1})


def test_every_candidate_can_be_drawn_and_the_draw_stays(architectures):
    known = with_mask(architectures)
    values = architectures.op_counts[:, 2] + 0.5 * architectures.edge_counts
    _, task = made(known, partners=500, distance=0.2)
    partners = task.targets(known, {"parameters": values})["cate_partners"]
    for row, drawn in enumerate(partners.tolist()):
        assert set(drawn) == (candidates(values.tolist(), row, 0.2 * np.ptp(values)) or {-1})
    assert torch.equal(task.targets(known, {"parameters": values})["cate_partners"], partners)


def test_pairs_join_half_of_those_that_have_a_partner(architectures):
    known = with_mask(architectures)
    _, task = made(known)
    rows = np.array([4, 9, 9, 30, 2, 51, 17])
    partners = torch.tensor([[1, 2], [5, 5], [5, 6], [-1, -1], [0, 3], [-1, -1], [8, 8]])
    met = set()
    with seeded(0):
        for _ in range(300):
            pairs = task.pairs(Batch(known, rows), partners)
            left, right = pairs.rows.reshape(2, -1)
            assert len(left) == 3
            met |= set(zip(left.tolist(), right.tolist(), strict=True))
    assert met == {(4, 1), (4, 2), (9, 5), (9, 6), (2, 0), (2, 3), (17, 8)}


def test_a_fifth_of_the_operations_is_corrupted(architectures):
    known = with_mask(architectures)
    batch = Batch(known, np.tile(np.arange(len(known)), 60))
    with seeded(0):
        op, selected = corrupted(batch)
    changed = torch.zeros(len(op), dtype=torch.bool)
    changed[selected] = True
    assert torch.equal(op[~changed], batch.op[~changed])
    assert len(selected) / len(op) == pytest.approx(0.2, abs=0.01)
    shares = torch.bincount(op[selected], minlength=6) / len(selected)
    mask = known.vocabulary.index(MASK)
    assert mask == 5
    assert shares.tolist() == pytest.approx([0.04] * 5 + [0.8], abs=0.015)


def test_random_operations_are_never_the_mask_wherever_it_stands(architectures):
    vocabulary = type(architectures.vocabulary)((MASK, *architectures.vocabulary.ops))
    known = architectures.recoded(vocabulary)
    with seeded(0):
        op, selected = corrupted(Batch(known, np.tile(np.arange(len(known)), 60)))
    shares = torch.bincount(op[selected], minlength=6) / len(selected)
    assert shares.tolist() == pytest.approx([0.8] + [0.04] * 5, abs=0.015)


def reference_logits(task: CATETask, encoder, known: ArchitectureSet, left: int, right: int) -> torch.Tensor:
    """(n + m, |O|) of one pair, without padding."""
    sides = [task.project(encoder(Batch(known, np.array([row])))) + task.side[s] for s, row in ((0, left), (1, right))]
    z = torch.cat(sides)[None]
    for layer in task.layers:
        z = layer(z, z.new_zeros(1, z.shape[1], 1, 1))  # nobody is left out
    return torch.stack([task.head(task.norm(node)) for node in z[0]])


def test_the_loss_is_that_of_the_definition(architectures):
    known = with_mask(architectures)
    encoder, task = made(known)
    rows, proxies = np.array([5, 11, 58, 33, 0, 27]), {"parameters": architectures.edge_counts + 0.0}
    targets = {"cate_partners": task.targets(known, proxies)["cate_partners"][rows]}
    with seeded(2):
        pairs = task.pairs(Batch(known, rows), targets["cate_partners"])
        op, selected = corrupted(pairs)
    sizes = known.node_counts[pairs.rows].tolist()
    bent = [
        Architecture(tuple(known.vocabulary.ops[i] for i in ids.tolist()), known[int(row)].edges)
        for row, ids in zip(pairs.rows, op.split(sizes), strict=True)
    ]
    seen = ArchitectureSet.from_architectures(bent, known.vocabulary)
    bounds, half, terms = np.cumsum([0, *sizes]), len(pairs) // 2, []
    for pair in range(half):
        logits = reference_logits(task, encoder, seen, pair, pair + half)
        nodes = [*range(bounds[pair], bounds[pair + 1]), *range(bounds[pair + half], bounds[pair + half + 1])]
        for node, values in zip(nodes, logits, strict=True):
            if node in selected:
                log_p = torch.log_softmax(values, 0)
                terms.append(-0.9 * log_p[pairs.op[node]] - 0.1 * log_p.mean())
    assert len(terms) == len(selected) > 3
    with seeded(2):
        parts = task.loss(encoder, Batch(known, rows), targets)
    assert set(parts) == {"cate"}
    torch.testing.assert_close(parts["cate"], torch.stack(terms).mean())


@torch.no_grad()
def test_renumbered_nodes_have_the_same_logits(architectures):
    known = with_mask(architectures)
    encoder, task = made(known)
    renumbered, old = relabelled(known, seed=1)
    every = torch.arange(len(known.op))
    logits = task.logits(encoder, Batch(known), every)
    torch.testing.assert_close(task.logits(encoder, Batch(renumbered), every), logits[old], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_side_hears_its_partner_and_nobody_else(architectures):
    known = with_mask(architectures)
    encoder, task = made(known)
    pairs = Batch(known, np.array([1, 2, 3, 4, 5, 6]))
    every = torch.arange(len(pairs.op))
    op = pairs.op.clone()
    op[pairs.graph == 1] = (op[pairs.graph == 1] + 1) % 5
    moved = (task.logits(encoder, pairs.with_ops(op), every) - task.logits(encoder, pairs, every)).abs().amax(1) > 1e-6
    assert pairs.graph[moved].unique().tolist() == [1, 4]


def test_an_operation_that_only_the_partner_tells_is_learnt():
    """Single nodes, paired by their operations: what is hidden on one side stands on the other."""
    op = np.arange(80) % 4
    nodes = ArchitectureSet.from_architectures(
        [Architecture((name,), ()) for name in np.array(["input", "output", "conv", "pool"])[op].tolist()]
    )
    known = with_mask(nodes)
    with seeded(0):
        encoder = GIN(len(known.vocabulary), width=16)
        task = CATETask(encoder, cost="parameters", distance=0.0, width=32, depth=1)
    settings = PretrainSettings(epochs=80, batch_size=20, learning_rate=5e-3)
    losses = losses_of(encoder, task, known, {"parameters": nodes.op + 0.0}, settings)["cate"]
    # Without the partner the best is log 4 = 1.39 where an operation is hidden.
    assert np.mean(losses[-20:]) < 1.1


def test_without_pairs_there_is_no_loss(architectures):
    known = with_mask(architectures)
    encoder, task = made(known)
    values = np.where(np.arange(60) < 2, np.arange(60) * 1.0, np.nan)
    targets = task.targets(known, {"parameters": values})
    assert (targets["cate_partners"] == -1).all()
    loss = task.loss(encoder, Batch(known), targets)["cate"]
    loss.backward()
    assert float(loss.detach()) == 0
    # Neither do batches of one stop the loop, with and without a partner.
    few = known.select(np.arange(6))
    proxies = {"parameters": np.array([0, 0.01, 0.02, 1, np.nan, 2])}
    losses = losses_of(encoder, task, few, proxies, PretrainSettings(epochs=3, batch_size=1))
    assert np.isfinite(losses["cate"]).all()


def test_what_makes_no_pairs_is_refused(architectures):
    known = with_mask(architectures)
    encoder, task = made(known)
    with pytest.raises(ArchflowError, match="width 30 must be a multiple of its 8 heads"):
        CATETask(encoder, cost="parameters", width=30)
    with pytest.raises(ArchflowError, match="no proxy 'parameters'; there are: flops"):
        task.targets(known, {"flops": np.arange(60)})
    with pytest.raises(ArchflowError, match="the task hides operations"):
        task.targets(architectures, {"parameters": np.arange(60)})
