import numpy as np
import pytest

from archflow.recipes.ranking.distinct import Distinct, first_of_each


def digests(values, second=0):
    return np.stack([np.array(values, np.uint64), np.full(len(values), second, np.uint64)], 1)


def test_the_first_of_each_digest():
    both = np.concatenate([digests([5, 3, 5, 3]), digests([5], second=1)])
    assert first_of_each(both).tolist() == [0, 1, 4]
    assert first_of_each(digests([])).tolist() == []


@pytest.mark.parametrize("bound", [1, 7, 300, 5000])
def test_it_agrees_with_a_set_up_to_its_bound(bound):
    generator = np.random.default_rng(bound)
    table, remembered = Distinct(bound), set()
    for _ in range(20):
        batch = digests(generator.permutation(2000)[:200], second=int(generator.integers(2)))
        new = table.add(batch)
        keys = list(map(tuple, batch.tolist()))
        assert new.tolist() == [key not in remembered for key in keys]
        fresh = [key for key in keys if key not in remembered]
        remembered.update(fresh[: bound - len(remembered)])
    assert table.count == len(remembered) == min(bound, table.count)
    assert set(map(tuple, table.digests.tolist())) == remembered
    assert table.full == (len(remembered) == bound)


def test_digests_that_share_a_slot_are_kept_apart():
    table = Distinct(1000)
    same_slot = digests(np.arange(1000), 0)
    same_slot[:] = [0, 0]
    same_slot[:, 1] = np.arange(1000, dtype=np.uint64) << np.uint64(63)  # two slots for all of them
    same_slot[:, 0] = np.arange(1000)
    assert table.add(same_slot).all()
    assert not table.add(same_slot).any()
    assert not table.add(digests([], 0)).any()
