import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.features.placed import Indicators


def test_a_column_for_every_code_that_tells_rows_apart():
    codes, owner = np.array([7, 7, 3, 9, 9, 9, 3]), np.array([0, 1, 0, 0, 1, 2, 0])
    found = Indicators.of(codes, owner, 3)
    assert found.codes == (3, 7)  # 9 is in every row
    assert found.values(codes, owner, 3).tolist() == [[1, 1], [0, 1], [0, 0]]
    assert found.values(np.array([5, 99]), np.array([0, 1]), 2).tolist() == [[0, 0], [0, 0]]


def test_of_too_many_those_stay_that_split_most_evenly():
    codes, owner = np.array([1, 2, 2, 3, 3, 3]), np.array([0, 0, 1, 0, 1, 2])
    assert Indicators.of(codes, owner, 4, bound=1).codes == (2,)
    assert Indicators.of(codes[:0], owner[:0], 4).codes == ()


@pytest.mark.parametrize("given", [[3, 3], [4, 2], [2, 9], "ab", None])
def test_damaged_codes_are_refused(given):
    with pytest.raises(ArchflowError, match="description is damaged"):
        Indicators.from_json(given, below=9)
