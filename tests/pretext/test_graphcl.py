import math

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS, GatedGCN, encoders_of
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.pretext import MASK, GraphCL, vocabulary_for
from archflow.pretext.graphcl import contrast
from archflow.seeding import seeded


@pytest.fixture
def known(architectures):
    return architectures.recoded(vocabulary_for("graphcl", architectures.vocabulary))


def plain_contrast(first, second, classes, temperature) -> float:
    """The formula of the docstring, pair by pair."""

    def similarity(a, b) -> float:
        return math.exp(float(a @ b / a.norm() / b.norm()) / temperature)

    terms = []
    for n in range(len(first)):
        others = [similarity(first[n], second[m]) for m in range(len(first)) if classes[m] != classes[n]]
        if others:
            terms.append(-math.log(similarity(first[n], second[n]) / sum(others)))
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("classes", [range(8), [0, 0, 1, 2, 2, 2, 3, 4], [0] * 8, [0] * 7 + [1]])
def test_the_loss_is_the_formula(classes):
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 8, 5, generator=generator)
    found = contrast(first, second, torch.tensor(classes), 0.2)
    assert float(found) == pytest.approx(plain_contrast(first, second, list(classes), 0.2), rel=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_without_other_architectures_the_loss_is_zero_and_has_a_gradient(count):
    first, second = torch.randn(2, count, 5, requires_grad=True)
    loss = contrast(first, second, torch.zeros(count, dtype=torch.int64), 0.2)
    loss.backward()
    assert float(loss.detach()) == 0


def test_similar_views_cost_less():
    z = torch.eye(6)
    classes = torch.arange(6)
    assert float(contrast(z, z, classes, 0.2)) == pytest.approx(math.log(5) - 5)
    assert float(contrast(z, z.roll(1, 0), classes, 0.2)) == pytest.approx(math.log(4 + math.exp(5)))


def test_views_are_one_edit_of_every_architecture_in_order():
    vocabulary = Vocabulary((*"abcdefghij", MASK))
    path = [(i, i + 1) for i in range(9)]
    # Every architecture has an operation of its own at all ten nodes, so that its place can be told.
    many = [Architecture((op,) * 10, tuple(path)) for op in "abcdefghij"] * 40
    architectures = ArchitectureSet.from_architectures(many, vocabulary)
    task = GraphCL(GatedGCN(len(vocabulary), 16))
    with seeded(0):
        views = task.views(architectures)
    kinds = {"drop": 0, "edges": 0, "hide": 0, "cut": 0}
    for before, after in zip(architectures, views, strict=True):
        own = {before.ops[0]}
        if len(after.ops) == 8:
            assert set(after.ops) == own
            kinds["cut" if len(after.edges) == 7 else "drop"] += 1
        elif MASK in after.ops:
            assert sorted(after.ops) == sorted([*own] * 8 + [MASK] * 2)
            assert set(after.edges) == set(path)
            kinds["hide"] += 1
        else:
            assert after.ops == before.ops
            assert len(set(after.edges) - set(path)) == len(set(path) - set(after.edges)) == 2
            kinds["edges"] += 1
    assert kinds["edges"] == pytest.approx(100, abs=30)
    assert kinds["hide"] == pytest.approx(100, abs=30)
    # Dropping the two first, the two last, or the outermost nodes leaves a path as cutting out does.
    assert kinds["drop"] + kinds["cut"] == pytest.approx(200, abs=40)
    assert kinds["drop"] > 60
    assert kinds["cut"] > 60


def test_the_two_views_of_an_architecture_are_drawn_each_for_itself(known):
    task = GraphCL(GatedGCN(len(known.vocabulary), 16))
    with seeded(0):
        first, second = task.views(known), task.views(known)
    assert sum(a != b for a, b in zip(first, second, strict=True)) > len(known) // 2


def test_the_loss_compares_the_encoders_views(known):
    encoder = GatedGCN(len(known.vocabulary), 16).eval()
    task = GraphCL(encoder)
    targets = task.targets(known, {})
    rows = np.array([5, 3, 8, 13, 21, 34])
    with seeded(4), torch.no_grad():
        found = task.loss(encoder, Batch(known, rows), {"graphcl": targets["graphcl"][rows]})["graphcl"]
    with seeded(4), torch.no_grad():
        views = task.views(known.select(np.tile(rows, 2)))
        z = task.projector(encoder.embed(Batch(views)))
    expected = plain_contrast(z[:6], z[6:], targets["graphcl"][rows].tolist(), 0.2)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_isomorphic_architectures_are_one_class(architectures):
    same = architectures[5].relabelled(list(range(len(architectures[5].ops)))[::-1])
    both = ArchitectureSet.from_architectures([architectures[5], same, architectures[6]], architectures.vocabulary)
    known = both.recoded(vocabulary_for("graphcl", both.vocabulary))
    classes = GraphCL(GatedGCN(6, 16)).targets(known, {})["graphcl"]
    assert classes[0] == classes[1] != classes[2]


def test_every_encoder_gets_a_gradient(known):
    pair = Architecture(("input", "pool", "input", "conv1x1", "pool"), ((0, 1), (2, 3), (3, 4)))
    pairs = ArchitectureSet.from_architectures([pair, known[9]], known.vocabulary).select([0, 0, 0, 0])
    for name in ENCODERS.names():
        chosen = known if name in encoders_of(known) else pairs
        with seeded(0):
            encoder = ENCODERS.get(name)(n_ops=len(known.vocabulary), width=16)
            task = GraphCL(encoder)
            targets = {"graphcl": torch.arange(len(chosen))}
            loss = task.loss(encoder, Batch(chosen), targets)["graphcl"]
        loss.backward()
        assert torch.isfinite(loss), name
        assert any(p.grad is not None and p.grad.any() for p in encoder.parameters()), name


def test_hostile_architectures_do(known):
    single, isolated = Architecture(("pool",), ()), Architecture(("pool", "input", "output"), ())
    chosen = ArchitectureSet.from_architectures([single, isolated] * 8, known.vocabulary)
    encoder = GatedGCN(len(known.vocabulary), 16)
    task = GraphCL(encoder)
    for rows in (np.arange(16), np.array([0]), np.array([0, 2, 4])):
        with seeded(0):
            targets = {name: values[rows] for name, values in task.targets(chosen, {}).items()}
            loss = task.loss(encoder, Batch(chosen, rows), targets)["graphcl"]
        loss.backward()
        assert torch.isfinite(loss)
        assert len(rows) > 3 or float(loss.detach()) == 0


def test_a_vocabulary_without_mask_is_refused(architectures):
    with pytest.raises(ArchflowError, match="the task hides operations: recode"):
        GraphCL(GatedGCN(5, 16)).targets(architectures, {})
