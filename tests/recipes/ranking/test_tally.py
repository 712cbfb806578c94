import numpy as np
import pytest

from archflow.checkpoint import load_tensors, save_tensors
from archflow.errors import ArchflowError
from archflow.recipes.ranking.best import Best
from archflow.recipes.ranking.distinct import Distinct
from archflow.recipes.ranking.scoring import Scorer
from archflow.recipes.ranking.tally import Tally
from archflow.spaces import SPACES
from tests.recipes.ranking.streams import job


def empty(bound=5000):
    return Tally(Best(30), Distinct(bound))


@pytest.mark.parametrize("name", ["nasbench201", "ofa_mobilenetv3"])
def test_a_state_on_disk_is_the_state_in_memory(name, tmp_path):
    scorer, path, space = Scorer(job(name, 9000, 30)), tmp_path / "state", SPACES.get(name)()
    tally = empty()
    assert Tally.restored(path, "k", space, tally) is tally
    tally.add(scorer(0))
    tally.save(path, "k")
    again = Tally.restored(path, "k", space, empty())
    for each in (tally, again):
        each.add(scorer(1))
    assert (again.chunks, again.drawn, again.distinct) == (tally.chunks, tally.drawn, tally.distinct)
    assert tally.drawn == 8192
    assert again.best.rows is not None
    assert tally.best.rows is not None
    for values, others in zip(again.best.rows.columns.values(), tally.best.rows.columns.values(), strict=True):
        assert np.array_equal(values, others, equal_nan=True)
    assert list(again.best.rows.architectures) == list(tally.best.rows.architectures)


def test_memory_does_not_grow_with_the_candidates(tmp_path):
    scorer, sizes = Scorer(job("nasbench201", 40_000, 30)), []
    tally = empty(bound=1000)
    for number in range(4):
        tally.add(scorer(number))
        tally.save(tmp_path / "state", "k")
        assert tally.best.rows is not None
        sizes.append((len(tally.best.rows), len(tally.best.rows.architectures), tally.seen.count))
    assert sizes == [(30, 30, 1000)] * 4
    assert tally.distinct > tally.seen.bound


def test_a_state_of_another_ranking_or_a_damaged_one_is_refused(tmp_path):
    path, space, tally = tmp_path / "state", SPACES.get("nasbench201")(), empty()
    tally.add(Scorer(job("nasbench201", 50, 30))(0))
    tally.save(path, "k")
    with pytest.raises(ArchflowError, match="other settings"):
        Tally.restored(path, "other", space, empty())
    tensors, about = load_tensors(path)
    save_tensors(path, {name: tensor for name, tensor in tensors.items() if name != "row.mean"}, about)
    with pytest.raises(ArchflowError, match=r"a damaged state .*remove the file"):
        Tally.restored(path, "k", space, empty())
    save_tensors(path, tensors, {**about, "chunks": -1})
    with pytest.raises(ArchflowError, match="chunks"):
        Tally.restored(path, "k", space, empty())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchflowError, match="truncated"):
        Tally.restored(path, "k", space, empty())
