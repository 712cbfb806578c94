import pytest

from archflow.errors import ArchflowError
from archflow.networks.sizes import check_sizes


def test_a_size_below_one_is_named():
    check_sizes(classes=1, image_height=32)
    for size in (0, -3):
        with pytest.raises(ArchflowError, match=f"a network with {size} image height cannot be built"):
            check_sizes(classes=10, image_height=size)
