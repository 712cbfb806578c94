"""Numbers that are given are taken as they are, 0 too: none stands for "the default"."""

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.protocol.published_protocol import published_protocol


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"train": 0}, "train must be a whole number of at least 1, not 0"),
        ({"test": 0}, "test must be a whole number of at least 1, not 0"),
        ({"validation": 0}, "validation must be a whole number of at least 1, not 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"labels": float("nan")}, "labels must be a number above 0, not nan"),
        ({"labels": 0}, "labels must be a number above 0, not 0"),
    ],
)
def test_zero_is_not_the_default(given, message):
    with pytest.raises(ArchflowError, match=message):
        published_protocol(None, "gin", metric="accuracy", proxies=["params"], **given)
