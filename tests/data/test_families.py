"""Splits by family: whole families on one side, or a part of each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data.families import in_domain, leave_family_out
from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table
from archflow.testing import random_architectures

SOME = random_architectures(30, seed=0)


def with_families(families: list[str], folder) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "nets.parquet"
    Table(SOME.select(np.arange(len(families)))).write(path)
    pq.write_table(pq.read_table(path).append_column("family", pa.array(families)), path)
    return read_table(path)


def test_every_family_is_left_out_once(tmp_path):
    families = [("vgg", "resnet", "alexnet")[row % 3] for row in range(30)]
    table = with_families(families, tmp_path)
    splits = list(leave_family_out(table))
    assert sorted(split.name for split in splits) == ["alexnet", "resnet", "vgg"]
    for split in splits:
        assert {families[row] for row in split.judged} == {split.name}
        assert np.array_equal(np.sort(np.r_[split.learnt, split.judged]), np.arange(30))


@pytest.mark.parametrize("judged", [1, 4, 9])
def test_in_domain_holds_out_as_many_of_each(tmp_path, judged):
    families = [("vgg", "resnet", "alexnet")[row % 3] for row in range(30)]
    split = in_domain(with_families(families, tmp_path), judged=judged, seed=3)
    counts = {name: sum(families[row] == name for row in split.judged) for name in set(families)}
    assert set(counts.values()) == {judged}
    assert not set(split.learnt) & set(split.judged)


@given(st.integers(0, 2**16))
def test_the_draw_follows_from_the_seed(tmp_path_factory, seed):
    table = with_families(["a", "b"] * 10, tmp_path_factory.mktemp("families"))
    one, two = in_domain(table, judged=3, seed=seed), in_domain(table, judged=3, seed=seed)
    assert np.array_equal(one.judged, two.judged)


@pytest.mark.parametrize(
    ("families", "judged", "message"),
    [
        (["a"] * 6, 1, "all rows are of one family"),
        (["a", "b"] * 3, 3, "family 'a' has 3 rows, 3 of them to judge by"),
        (["a", None, "b", "a"], 1, "row 1: family is empty"),
    ],
)
def test_what_cannot_be_split_is_refused(tmp_path, families, judged, message):
    with pytest.raises(ArchflowError, match=message):
        in_domain(with_families(families, tmp_path), judged=judged)


def test_a_table_without_families_is_refused():
    with pytest.raises(ArchflowError, match="the table has no column 'family'"):
        next(leave_family_out(Table(SOME)))
