"""Networks that read a device or task: they order architectures by it, and everything else holds as without."""

from __future__ import annotations

import numpy as np
import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.components.base import Lesson
from archflow.predict.components.networks import FittedNetworks, Networks
from archflow.predict.context import CONTEXT, Context
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.predict.seen import Seen
from archflow.predict.stacked import StackedPredictor
from archflow.testing import check_component, random_architectures
from tests.predict.learnable import target

CELLS = random_architectures(90, seed=3)
DEVICES = ("board A, 4 x Cortex-A53 1.4 GHz", "board B, 4 x Cortex-A72 2.8 GHz")
FEW = np.arange(40)


def twice(rows: np.ndarray) -> tuple[Table, np.ndarray]:
    """Every cell on both devices, the second of which ranks them in the opposite order and 5 higher."""
    cells = Table(CELLS.select(np.tile(rows, 2))).with_texts({"device": np.repeat(DEVICES, len(rows)).tolist()})
    y = target(CELLS)[rows]
    y = (y - y.mean()) / y.std()
    return cells, np.concatenate([y, 5 - y])


def lesson(kind: str = "gin", labelled: np.ndarray = FEW, **options) -> Lesson:
    table, y = twice(labelled)
    embedders = [create(kind, CELLS, width=8, seed=0, readout="sum", **options)]
    known = Seen(table, embedders, {CONTEXT: Context.of(table)})
    return Lesson(known, (y - y.mean()) / y.std(), Folds.of(len(y), 3), known, seed=5)


@pytest.mark.parametrize("kind", ["gin", "carl"])
def test_each_device_has_its_level_and_its_order(kind):
    given = lesson(kind)
    fitted = Networks(epochs=60, batch_size=16).fit(given)
    table, y = twice(np.arange(40, 90))
    guess = fitted(Seen(table, given.known.embedders, given.known.described)).mean.mean(0)
    first, second = guess[:50], guess[50:]
    assert second.mean() - first.mean() > 1
    assert kendall_tau(first, y[:50]) > 0.3
    assert kendall_tau(second, y[50:]) > 0.3


def test_without_a_context_the_same_table_cannot_be_learnt():
    given = lesson()
    blind = [Seen(each.table, each.embedders, {}) for each in (given.known, given.usual)]
    fitted = Networks(epochs=60, batch_size=16).fit(Lesson(blind[0], given.targets, given.folds, blind[1], seed=5))
    guess = fitted(blind[0]).mean.mean(0)
    assert fitted.standard is None
    np.testing.assert_allclose(guess[:40], guess[40:], atol=1e-5)


def test_they_obey_the_contract():
    given = lesson("gin", np.arange(10), depth=1)
    check_component(Networks(epochs=2, steps=1, batch_size=8), given.known, given.targets)


def test_networks_of_an_encoder_without_members_read_it_too():
    from tests.predict.learnable import PlainEncoder

    given = lesson()
    embedder = given.known.embedders[0]
    plain = type(embedder)(PlainEncoder(len(CELLS.vocabulary.ops), width=8), embedder.preparation)
    known = Seen(given.known.table, [plain], given.known.described)
    fitted = Networks(epochs=2, steps=1).fit(Lesson(known, given.targets, given.folds, known, seed=5))
    guess = fitted(known).mean
    assert not np.allclose(guess[:, :40], guess[:, 40:])


@pytest.mark.parametrize("kind", ["gin", "carl"])
def test_a_file_from_before_reads_architectures_alone_and_a_context_that_is_gone_is_refused(kind):
    given = lesson(kind, np.arange(12))
    component, blind = Networks(epochs=2, steps=1), Seen(given.known.table, given.known.embedders, {})
    before = component.fit(Lesson(blind, given.targets, given.folds, blind, seed=5))
    restored = FittedNetworks.restored(before.arrays(), given.known, len(given.folds))
    np.testing.assert_array_equal(restored(given.known).mean, before(blind).mean)
    after = component.fit(given)
    arrays = after.arrays()
    restored = FittedNetworks.restored(arrays, given.known, len(given.folds))
    np.testing.assert_array_equal(restored(given.known).mean, after(given.known).mean)
    with pytest.raises(ArchflowError, match="read a device or task"):
        FittedNetworks.restored(arrays, blind, len(given.folds))


def test_one_device_alone_tells_nothing_and_is_not_read():
    table = Table(CELLS.select(FEW)).with_texts({"device": ["one board"] * len(FEW)})
    embedder = create("gin", CELLS, width=8, seed=0)
    known = Seen(table, [embedder], {CONTEXT: Context.of(table)})
    y = target(CELLS)[FEW]
    fitted = Networks(epochs=2, steps=1).fit(Lesson(known, y - y.mean(), Folds.of(40, 3), known))
    assert fitted.context(known) is None
    assert np.isfinite(fitted(known).mean).all()


def test_a_predictor_with_them_is_saved_and_explained_on_its_device(tmp_path):
    table, y = twice(FEW)
    embedder = create("gin", CELLS, width=8, seed=0, readout="sum")
    options = {"components": [Networks(epochs=30, batch_size=16)], "context": "device", "objective": "squared"}
    predictor = StackedPredictor(embedder, **options)
    predictor.fit(table, y)
    predictor.save(tmp_path)
    np.testing.assert_array_equal(StackedPredictor.load(tmp_path).predict(table).mean, predictor.predict(table).mean)
    of_devices = []
    for row in (0, len(FEW)):
        one = table.select(np.array([row]))
        found = predictor.explain(one, table=table)
        gradients = found.attributions["integrated_gradients"]
        networks = predictor.networks(one).networks
        assert all(network.context is not None for network in networks)
        of_devices.append(np.array(gradients.nodes))
        assert np.isfinite(of_devices[-1]).all()
    assert not np.allclose(*of_devices)
