"""What is no native string, for every space."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.spaces import SPACES
from archflow.spaces.nasbench_graph.space import decode_hash


@pytest.mark.parametrize("name", SPACES.names())
@pytest.mark.parametrize("given", [None, 12345, b"|avg_pool_3x3~0|", ["a"], np.float64("nan")])
def test_only_text_is_parsed(name, given):
    with pytest.raises(
        ArchflowError, match=f"{name}: .* is not a native string but a {type(given).__name__}"
    ) as caught:
        SPACES.get(name)().parse(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [-1, [12345, 10**9], None, "12345", [1.5], [[1]], np.nan, [None]])
def test_what_is_no_official_hash_is_refused(given):
    with pytest.raises(ArchflowError, match="official hash") as caught:
        decode_hash(given)
    assert "\n" not in str(caught.value)


def test_one_official_hash_is_one_architecture():
    assert list(decode_hash(12345)) == list(decode_hash([12345]))
    assert len(decode_hash([])) == 0
