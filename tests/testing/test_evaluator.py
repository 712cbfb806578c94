"""The contract test of evaluators catches what breaks the contract, and says what it is."""

import itertools

import numpy as np
import pytest

from archflow.spaces import NASBench201
from archflow.testing import check_evaluator


class Moody:
    """Gives another value every time."""

    calls = itertools.count()

    def __call__(self, architecture, seed):
        return {"seconds": float(next(self.calls)), "accuracy": float(next(self.calls))}


class Empty:
    def __call__(self, architecture, seed):
        return {}


class Diverging:
    def __call__(self, architecture, seed):
        return {"loss": float("nan")}


class Fickle:
    def __call__(self, architecture, seed):
        return {architecture.ops[1]: 1.0}


@pytest.mark.parametrize(
    ("evaluator", "message"),
    [
        (Moody(), "the same seed gives another accuracy"),
        (Empty(), "at least one metric"),
        (Diverging(), "not finite"),
        (Fickle(), "one architecture has the metrics"),
    ],
)
def test_a_broken_evaluator_is_caught(evaluator, message):
    with pytest.raises(AssertionError, match=message):
        check_evaluator(evaluator, NASBench201().sample(20, np.random.default_rng(0)))
