import pickle

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.spaces import DARTS, NASBench201, NATSSize


def test_a_chunk_needs_no_other_chunk():
    candidates = Candidates.sampled(DARTS(), CHUNK + 10, 3)
    assert candidates.chunks == 2
    second = candidates.chunk(1)
    assert len(second) == 10
    assert list(second) == list(DARTS().sample(10, np.random.default_rng([3, 1])))
    assert list(candidates.chunk(0)[:10]) != list(second)
    assert len(candidates.few()) == 2


def test_a_listed_space_is_whole_and_in_order():
    candidates = pickle.loads(pickle.dumps(Candidates.listed(NASBench201())))
    found = [candidates.chunk(number) for number in range(candidates.chunks)]
    assert [len(each) for each in found] == [CHUNK, CHUNK, CHUNK, 15_625 - 3 * CHUNK]
    assert found[3][0] == NASBench201().enumerate()[3 * CHUNK]


def test_candidates_that_cannot_be_are_refused():
    for count in (0, -1, 1e30, 2.5, "many"):
        with pytest.raises(ArchflowError, match="candidates must be a whole number"):
            Candidates.sampled(DARTS(), count, 0)  # pyright: ignore
    with pytest.raises(ArchflowError, match="sample some instead"):
        Candidates.listed(DARTS())

    class Unsampled(NATSSize):
        def sample(self, count, generator):
            raise NotImplementedError

    with pytest.raises(ArchflowError, match="nats_size: its architectures cannot be sampled"):
        Candidates.sampled(Unsampled(), 10, 0).chunk(0)
