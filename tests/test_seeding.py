"""Random draws that a seed alone decides, also where several threads draw at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.pretext import PretrainSettings, pretrain, vocabulary_for
from archflow.seeding import member_streams, seeded
from archflow.testing import random_architectures
from tests.predict.learnable import target

THREADS = 3


def together(work):
    """What every thread's work gives, when all begin at once."""
    barrier = threading.Barrier(THREADS)

    def begin(_):
        barrier.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def draws() -> list[float]:
    drawn = []
    for epoch in range(200):
        with seeded(3, epoch):
            drawn += [float(torch.rand(())) for _ in range(5)]
    return drawn


def test_threads_draw_what_one_alone_draws():
    alone = draws()
    assert together(draws) == [alone] * THREADS


@pytest.fixture(scope="module")
def some():
    return random_architectures(40, seed=3)


def fit(some, name: str):
    embedder = create(name, some, seed=1, width=16)
    learner = NetworkPredictor(embedder, members=2, settings=FineTuneSettings(epochs=4), seed=5)
    learner.fit(some, target(some))
    return learner.predict(some)[0]


@pytest.mark.parametrize("name", ["gated_gcn", "carl"])
def test_threads_fit_what_one_alone_fits(some, name):
    alone = fit(some, name)
    for other in together(lambda: fit(some, name)):
        np.testing.assert_array_equal(other, alone)


def test_threads_pretrain_what_one_alone_pretrains(some):
    def work():
        embedder = create("gin", vocabulary_for("graphcl", some.vocabulary), seed=1, width=16)
        return pretrain(embedder, "graphcl", some, settings=PretrainSettings(epochs=3, batch_size=8)).embed(some)

    alone = work()
    for other in together(work):
        np.testing.assert_array_equal(other, alone)


def test_the_global_generator_is_as_before():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(1), member_streams([(2,), (3,)]):
        torch.rand(7)
    assert torch.equal(torch.rand(3), expected)


def test_a_seed_is_a_whole_number():
    with seeded(3):
        expected = torch.rand(3)
    with seeded(np.int64(3)):
        assert torch.equal(torch.rand(3), expected)
    with pytest.raises(ArchflowError, match=r"seed must be a whole number, not 0\.5"), seeded(0.5):
        pass
