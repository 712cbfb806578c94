import os

import pytest
import torch

from archflow.devices.here import HERE, pinned, processor, this_device
from archflow.errors import ArchflowError


def test_this_machine_is_a_device():
    device = this_device(threads=1)
    assert device.name == HERE
    assert processor() in device.words
    assert (device.cores, device.threads, device.gpu) == (len(os.sched_getaffinity(0)), 1, False)


def test_threads_are_pinned_and_set_free_again():
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    with pinned(1):
        assert len(os.sched_getaffinity(0)) == 1
        assert torch.get_num_threads() == 1
    assert os.sched_getaffinity(0) == cores
    assert torch.get_num_threads() == threads


def test_more_threads_than_cores_are_refused():
    cores = len(os.sched_getaffinity(0))
    with pytest.raises(ArchflowError, match=f"{cores + 1} threads on {cores} cores"), pinned(cores + 1):
        pass
