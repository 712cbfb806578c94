"""What torch calls the operations of the vocabulary."""

import pytest

from archflow.importers.normal import IDENTITY
from archflow.importers.torch_names import TORCH_NAMES, known_as, plain
from archflow.importers.vocabulary import OPERATIONS


@pytest.mark.parametrize(
    ("name", "op"),
    [
        *(("torch.nn.functional.relu_", "relu"), ("method.view", "reshape"), ("operator.iadd", "add")),
        *(("torch._C._nn.linear", "linear"), ("aten.hardswish", "hard_swish"), ("operator.mult", "mul")),
        *(("method.__and__", "logical_and"), ("attr.T", "transpose"), ("method.contiguous", IDENTITY)),
        *(("frobnicate_", "frobnicate"), ("conv2d", "conv2d"), ("_", "_")),
    ],
)
def test_names_of_torch(name, op):
    assert known_as(name) == op


def test_every_name_leads_to_the_vocabulary():
    assert set(TORCH_NAMES.values()) <= OPERATIONS | {IDENTITY}
    assert all(plain(name) == name or name.endswith("_") for name in TORCH_NAMES)
