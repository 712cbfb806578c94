import os

import pytest
import torch

from archflow.devices.here import HERE, pinned, processor, this_device, undisturbed
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


def test_another_core_than_the_first():
    allowed = sorted(os.sched_getaffinity(0))
    with pinned(1, first=len(allowed) - 1):
        assert os.sched_getaffinity(0) == {allowed[-1]}
    assert sorted(os.sched_getaffinity(0)) == allowed


def test_priority_is_given_back():
    before = os.sched_getscheduler(0)
    with undisturbed() as granted:
        assert (os.sched_getscheduler(0) == os.SCHED_FIFO) == granted
    assert os.sched_getscheduler(0) == before
