"""The contract tests catch what breaks the contract, and say what it is."""

import pickle

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from archflow.encoders import Encoder, GatedGCN, create
from archflow.encoders.layers import Linear, mean_pool
from archflow.encoders.readout import Readout
from archflow.graph.batch import Batch
from archflow.predict import FineTuneSettings, NetworkPredictor, Prediction
from archflow.pretext import CATETask, EmbeddingTask, GMAETask, ProxyRanking, vocabulary_for
from archflow.testing import (
    check_encoder,
    check_predictor,
    check_pretext_task,
    random_architectures,
    relabelled,
)


class Sound(Encoder):
    """A plain encoder that keeps the contract; the others break one clause of it."""

    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__()
        self.table = nn.Embedding(n_ops, width)

    def forward(self, batch: Batch) -> Tensor:
        return self.table(batch.op)


class HoldsALocalFunction(Sound):
    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__(n_ops, width)
        self.scaled = lambda x: x + 0

    def forward(self, batch: Batch) -> Tensor:
        return self.scaled(super().forward(batch))


class ReadsPositions(Sound):
    def forward(self, batch: Batch) -> Tensor:
        place = torch.arange(len(batch.op)) - batch.node_ptr[:-1].repeat_interleave(batch.sizes)
        return self.table(batch.op) + place[:, None]


class AdmitsThatItReadsPositions(ReadsPositions):
    reads_positions = True


class ReadsBatchMates(Sound):
    def forward(self, batch: Batch) -> Tensor:
        x = self.table(batch.op)
        return x - x.mean(0)


class PlusBatchPlace(Readout):
    def forward(self, encoder, batch: Batch) -> Tensor:
        return mean_pool(encoder(batch), batch) + torch.arange(len(batch))[:, None]


class ReadsBatchPlace(Sound):
    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__(n_ops, width)
        self.readout = PlusBatchPlace()


class DropsInEvaluation(Sound):
    def forward(self, batch: Batch) -> Tensor:
        return nn.functional.dropout(self.table(batch.op), 0.5, training=True)


class WrongWidth(Sound):
    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__(n_ops, width)
        self.dim = width + 1


class ForgetsConfig(Sound):
    def __init__(self, n_ops: int, width: int = 8, scale: float = 1.0) -> None:
        super().__init__(n_ops, width)
        self.scale = scale
        self.config = {"n_ops": n_ops, "width": width}

    def forward(self, batch: Batch) -> Tensor:
        return self.scale * self.table(batch.op)


class IdleParameter(Sound):
    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__(n_ops, width)
        self.idle = nn.Parameter(torch.ones(3))


class HasNoWidth(Encoder):
    def __init__(self, n_ops: int) -> None:
        super().__init__()
        self.dim = 8
        self.table = nn.Embedding(n_ops, 8)

    def forward(self, batch: Batch) -> Tensor:
        return self.table(batch.op)


class SharesMembers(Sound):
    stackable = True

    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__(n_ops, width)
        self.table = Linear(n_ops, width)

    def forward(self, batch: Batch) -> Tensor:
        return self.table.weight[0][batch.op] + self.table.bias[0]  # type: ignore[index]


def test_a_sound_encoder_passes(architectures):
    check_encoder(Sound(5), architectures)
    check_encoder(AdmitsThatItReadsPositions(5), architectures)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (HasNoWidth(5), "an encoder states its width"),
        (Sound(4), "n_ops is not the size of the vocabulary"),
        (ReadsPositions(5), "renumbering nodes"),
        (ReadsBatchMates(5), "the other architectures of a batch do not matter"),
        (ReadsBatchPlace(5), "the order of a batch does not matter"),
        (DropsInEvaluation(5), "in evaluation the same batch gives the same embedding"),
        (WrongWidth(5), r"\(V, dim\)"),
        (ForgetsConfig(5, scale=2.0), "the same config and weights give the same embedding"),
        (IdleParameter(5), "no gradient reaches parameter 'idle'"),
        (SharesMembers(5), "stacked members give what each gives alone"),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, Encoder) else "",
)
def test_a_broken_encoder_is_caught(architectures, encoder, message):
    with pytest.raises(AssertionError, match=message):
        check_encoder(encoder, architectures)


class Imputes(ProxyRanking):
    """Takes a missing proxy for the least."""

    def targets(self, architectures, proxies):
        return {name: values.nan_to_num(-1) for name, values in super().targets(architectures, proxies).items()}


class RowShort(ProxyRanking):
    def targets(self, architectures, proxies):
        return {name: values[1:] for name, values in super().targets(architectures, proxies).items()}


class PerRow(ProxyRanking):
    def loss_of(self, embedding, targets):
        return {"proxy": super().loss_of(embedding, targets)["proxy"].expand(len(embedding))}


class LearnsNothing(ProxyRanking):
    def loss_of(self, embedding, targets):
        return {"proxy": 0 * super().loss_of(embedding, targets)["proxy"] + 1}


class Careless(ProxyRanking):
    """Its noise follows from nothing but the hour."""

    calls = 0

    def loss_of(self, embedding, targets):
        Careless.calls += 1
        return {"proxy": super().loss_of(embedding, targets)["proxy"] * (1 + 1e-3 * np.cos(Careless.calls))}


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Imputes, "an architecture without a proxy gets a gradient from loss part 'proxy'"),
        (RowShort, "target 'proxy' has 59 rows for 60 architectures"),
        (PerRow, "loss part 'proxy' is not a scalar"),
        (LearnsNothing, "eight epochs do not lower the loss"),
        (Careless, "the same seed gives other losses"),
    ],
)
def test_a_broken_pretext_task_is_caught(architectures, task, message):
    assert issubclass(task, EmbeddingTask)
    proxies = {"p": architectures.edge_counts + 0.5 * architectures.op_counts[:, 2]}
    with pytest.raises(AssertionError, match=message):
        check_pretext_task(lambda encoder: task(encoder, ["p"]), lambda: GatedGCN(5, width=8), architectures, proxies)


class PairsAnyone(CATETask):
    """Takes the first architecture for the partner of those that have none."""

    def targets(self, architectures, proxies):
        return {name: rows.clamp(min=0) for name, rows in super().targets(architectures, proxies).items()}


def test_an_architecture_in_a_batch_of_the_tasks_own_is_caught(architectures):
    known = architectures.recoded(vocabulary_for("cate", architectures.vocabulary))
    proxies = {"p": architectures.edge_counts + 0.0}
    with pytest.raises(AssertionError, match="an architecture without a proxy gets a gradient from loss part 'cate'"):
        check_pretext_task(lambda encoder: PairsAnyone(encoder, cost="p"), lambda: GatedGCN(6, width=8), known, proxies)


class SeesThroughTheMask(Sound):
    """Reads canonical labels of the set, which follow from operations that the batch hides."""

    def forward(self, batch: Batch) -> Tensor:
        labels = np.concatenate([batch.architectures.select([row]).canonical_labels for row in batch.rows])
        return super().forward(batch) + torch.from_numpy(labels)[:, None]


class ShowsAttributes(GMAETask):
    """Hides operations, and leaves the attributes that tell them."""

    def loss(self, encoder, batch, targets):
        with_ops = batch.with_ops
        batch.with_ops = lambda op, hidden=None: with_ops(op)
        return super().loss(encoder, batch, targets)


@pytest.mark.parametrize(
    ("encoder", "task", "message"),
    [
        (SeesThroughTheMask, GMAETask, "an embedding depends on an operation that is hidden"),
        (Sound, ShowsAttributes, "nor the attributes of hidden nodes"),
    ],
)
def test_a_mask_that_does_not_hide_is_caught(encoder, task, message):
    some = random_architectures(40, seed=1, attributes=("kernel",))
    known = some.recoded(vocabulary_for("gmae", some.vocabulary))
    check_pretext_task(lambda e: GMAETask(e, 0.4), lambda: Sound(6), known, {})
    with pytest.raises(AssertionError, match=message):
        check_pretext_task(lambda e: task(e, 0.4), lambda: encoder(6), known, {})


class NoInterval:
    def __init__(self, embedder, **options) -> None:
        pass


class ScalesByTheBatch(NetworkPredictor):
    def predict(self, architectures, on_batch=None):
        mean, std = super().predict(architectures, on_batch)
        return Prediction(mean - mean.mean(), std)


class NeverAlike(NetworkPredictor):
    def __init__(self, embedder, **options) -> None:
        super().__init__(embedder, **options)
        self.seed = int(np.random.default_rng().integers(2**40))


class LooksBehindTheMask(NetworkPredictor):
    def fit(self, architectures, y=None, *, mask=None, **options):
        return super().fit(architectures, None if y is None else np.nan_to_num(y), **options)


class SaysNothing(NetworkPredictor):
    def predict(self, architectures, on_batch=None):
        return super().predict(architectures)


class NarrowsDown(NetworkPredictor):
    def interval(self, architectures, coverage):
        return super().interval(architectures, 1 - coverage)


class WorstFirst(NetworkPredictor):
    def rank(self, table, on_batch=None):
        ranked = super().rank(table, on_batch)
        (rank,) = (name for name in ranked.metrics if name.startswith("rank_"))
        return ranked.with_metrics({rank: len(table) + 1 - ranked.metrics[rank]})


class ForgetsWhatItLearnt(NetworkPredictor):
    @classmethod
    def load(cls, folder, device="cpu"):
        loaded = super().load(folder, device)
        loaded._state.maps[0][0] += 1  # pyright: ignore[reportOptionalMemberAccess]
        return loaded


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        (NoInterval, "lacks a method of the protocol"),
        (ScalesByTheBatch, "does not depend on the other architectures"),
        (NeverAlike, "the same seed gives the same predictor"),
        (LooksBehindTheMask, "a masked label has no effect"),
        (SaysNothing, "predict reports 0 of 60 architectures"),
        (NarrowsDown, "a larger coverage does not narrow an interval"),
        (WorstFirst, "rank 1 is the best prediction"),
        (ForgetsWhatItLearnt, "a predictor that is loaded predicts the same"),
    ],
)
def test_a_broken_predictor_is_caught(architectures, predictor, message):
    y = architectures.edge_counts + np.linspace(0, 1, len(architectures))
    with pytest.raises(AssertionError, match=message):
        check_predictor(
            lambda: predictor(create("gin", architectures, width=8), members=2, settings=FineTuneSettings(epochs=2)),
            architectures,
            y,
        )


def test_random_architectures_are_of_every_kind_and_follow_the_seed():
    some = random_architectures(300, seed=0, max_nodes=6)
    assert list(some) == list(random_architectures(300, seed=0, max_nodes=6))
    assert list(some) != list(random_architectures(300, seed=1, max_nodes=6))
    assert set(some.node_counts.tolist()) == {1, 2, 3, 4, 5, 6}
    assert (some.edge_src > some.edge_dst).any()  # not numbered in topological order
    assert (some.edge_counts == 0).any()
    dead_ends = [len(a.ops) - len({source for source, _ in a.edges}) for a in some]
    assert max(dead_ends) > 1


def test_relabelling_a_set_says_where_every_node_went(architectures):
    renumbered, rows = relabelled(architectures, seed=0)
    assert (renumbered.op == architectures.op[rows]).all()
    assert (renumbered.hashes == architectures.hashes).all()
    assert list(renumbered) != list(architectures)


def test_random_attributes_come_with_the_same_graphs_and_move_with_their_nodes():
    plain, numbered = (random_architectures(30, seed=3, attributes=names) for names in ((), ("stride", "kernel")))
    assert list(numbered.with_attributes(None, ())) == list(plain)
    assert plain.attributes is None
    values = numbered.attributes
    assert values is not None
    assert 0.2 < np.isnan(values).mean() < 0.5
    empty = numbered.with_attributes(np.c_[values, np.full(len(values), np.nan)], ("stride", "kernel", "empty"))
    renumbered, rows = relabelled(empty, seed=1)
    assert renumbered.attribute_names == empty.attribute_names
    np.testing.assert_array_equal(renumbered.attributes, empty.attributes[rows])  # type: ignore[index]
    assert (renumbered.hashes == numbered.hashes).all()
    for old, new, order in zip(numbered, renumbered, np.split(rows, numbered.node_ptr[1:-1]), strict=True):
        assert new == old.relabelled((order - order.min()).tolist())


def test_an_encoder_that_cannot_be_pickled_is_caught(architectures):
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        check_encoder(HoldsALocalFunction(5), architectures)
