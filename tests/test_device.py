import pytest
import torch

from archflow.device import usable
from archflow.errors import ArchflowError


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_device_that_is_there_is_used(device):
    assert usable(device) == torch.device("cpu")


@pytest.mark.parametrize("device", ["gpu", "", "cpu:x", "vulkan", 1.5])
def test_any_other_is_one_line_that_names_it(device):
    with pytest.raises(ArchflowError) as caught:
        usable(device)
    assert str(caught.value).startswith(f"device {str(device)!r} cannot be used here (")
    assert "\n" not in str(caught.value)


def test_a_kind_that_torch_does_not_know_is_answered_by_those_that_there_may_be():
    with pytest.raises(ArchflowError, match=r"'gpu' .*no such device; a GPU is 'cuda'.*; use 'cpu'") as caught:
        usable("gpu")
    assert "vulkan" not in str(caught.value)
