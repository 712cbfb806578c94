"""Mutants and canonical forms of many architectures at once are those of one after the other."""

import numpy as np
import pytest

from archflow.spaces import SPACES, SearchSpace
from archflow.spaces.sampling import drawn_places

NAMES = ("darts", "fbnet", "nasbench101", "nasbench_graph", "nasbench_macro", "nats_size", "ofa_mobilenetv3")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [0, 6])
def test_many_at_once_are_one_after_the_other(name: str, count: int) -> None:
    space = SPACES.get(name)()
    some = space.sample(count, np.random.default_rng(1))
    at_once, one_by_one = np.random.default_rng(2), np.random.default_rng(2)
    assert list(space.mutants(some, at_once)) == list(SearchSpace.mutants(space, some, one_by_one))
    assert at_once.integers(2**60) == one_by_one.integers(2**60)
    assert space.keys(some) == [space.canonical(each) for each in some]


def test_every_allowed_place_is_as_likely() -> None:
    allowed = np.array([[False, True, False, True, True], [True, False, False, False, False]])
    drawn = drawn_places(np.repeat(allowed, 600, 0), np.random.default_rng(0))
    assert np.bincount(drawn[600:]).tolist() == [600]
    counts = np.bincount(drawn[:600], minlength=5)
    assert counts[[0, 2]].tolist() == [0, 0]
    assert (counts[[1, 3, 4]] > 150).all()
