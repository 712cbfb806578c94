import numpy as np
import pytest

from archflow.graph import Architecture, ArchitectureSet
from archflow.search.decoder import Decoder, valid_of
from archflow.search.problem import Problem
from archflow.spaces.nasbench201 import NASBench201

PROBLEM = Problem(NASBench201(), "score")


@pytest.fixture(scope="module")
def decoder():
    return Decoder(sample=300, epochs=6, width=32)


def test_draws_follow_from_the_generator(decoder):
    one, same, other = (decoder.draw(PROBLEM, 20, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert list(one.hashes) == list(same.hashes)
    assert list(one.hashes) != list(other.hashes)


def test_draws_are_like_what_they_are_around(decoder):
    space = PROBLEM.space
    convs = [i for i, op in enumerate(space.vocabulary.ops) if "conv" in op]
    sample = space.sample(400, np.random.default_rng(5))
    most = sample.select(np.argsort(-sample.op_counts[:, convs].sum(1), kind="stable")[:20])
    around, usual = (decoder.draw(PROBLEM, 200, np.random.default_rng(0), each) for each in (most, None))
    assert around.op_counts[:, convs].sum(1).mean() > usual.op_counts[:, convs].sum(1).mean() + 0.5


def test_the_quality_of_draws_is_in_shares(decoder, monkeypatch):
    seen = PROBLEM.space.sample(300, np.random.default_rng([0, 1]))
    keys = PROBLEM.space.keys(seen)
    first = [seen[keys.index(key)] for key in sorted(set(keys))[:3]]
    new = next(each for each in PROBLEM.space.enumerate() if PROBLEM.space.canonical(each) not in keys)
    torn = Architecture(new.ops, ())
    drawn = ArchitectureSet.from_architectures([*first, first[0], new, *[torn] * 5], PROBLEM.space.vocabulary)
    monkeypatch.setattr(decoder, "draw", lambda problem, count, generator: drawn)
    assert decoder.quality(PROBLEM, 10) == (0.5, 0.8, 0.25)


def test_only_draws_of_the_space_are_kept():
    cell = PROBLEM.space.sample(1, np.random.default_rng(0))[0]
    torn = Architecture(cell.ops, ())
    wrong = Architecture(cell.ops, cell.edges[1:])
    drawn = ArchitectureSet.from_architectures([cell, torn, wrong], PROBLEM.space.vocabulary)
    assert list(valid_of(PROBLEM.space, drawn)) == [cell]
