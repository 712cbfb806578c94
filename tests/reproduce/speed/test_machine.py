"""What machine figures were measured on."""

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.speed.machine import device_named, machine, peak_gib


@pytest.mark.parametrize("name", ["toaster", "cuda:999", "meta"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ArchflowError, match=f"device '{name}' cannot be used here"):
        device_named(name)


def test_the_machine_is_told():
    assert set(machine()) == {"processor", "threads", "torch"}
    assert 0 < peak_gib() < 1024
