import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.networks.counting import count_flops, count_parameters
from archflow.spaces.hierarchical import Hierarchical

SPACE = Hierarchical()
SOME = SPACE.sample(3, np.random.default_rng(4))


def test_costs_are_those_of_the_networks() -> None:
    size = {"channels": 3, "cells_per_stage": 2, "stages": 2, "classes": 4}
    costs = SPACE.costs(SOME, **size, image_shape=(2, 7, 8))
    networks = [SPACE.build(each, **size, image_channels=2) for each in SOME]
    assert costs["params"].tolist() == [count_parameters(network) for network in networks]
    assert costs["flops"].tolist() == [count_flops(network, (2, 7, 8)) for network in networks]


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(ArchflowError, match="0 channels"):
        SPACE.costs(SOME, channels=0)
