"""The proxy from the codes of rectifiers."""

import numpy as np
import pytest

from tests.networks.zero_cost.small import batch, tiny, value


def test_nwot_from_explicit_codes() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    codes = (network[0](images.double()) > 0).flatten(1).numpy()
    kernel = np.array([[np.sum(a == b) for b in codes] for a in codes], dtype=np.float64)
    assert value("nwot", network, images.double(), labels) == pytest.approx(np.linalg.slogdet(kernel)[1])
