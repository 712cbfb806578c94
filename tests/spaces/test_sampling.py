import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.spaces import TableSpace
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.sampling import sample_classes
from tests.tables import scored_cells


@pytest.mark.parametrize("space", [NASBench201(), TableSpace(scored_cells(60))], ids=["large", "small"])
def test_one_of_a_class_and_fewer_are_the_first_of_more(space):
    many = sample_classes(space, 40, np.random.default_rng(0))
    assert len({space.canonical(each) for each in many}) == 40
    few = sample_classes(space, 15, np.random.default_rng(0))
    assert few.hashes.tolist() == many.hashes[:15].tolist()


def test_more_than_there_are_is_refused():
    with pytest.raises(ArchflowError, match=r"has \d+ isomorphism classes, fewer than 61: ask for fewer"):
        sample_classes(TableSpace(scored_cells(60)), 61, np.random.default_rng(0))
