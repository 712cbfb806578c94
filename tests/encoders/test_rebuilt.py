import pytest
import torch
from torch import nn

from archflow.encoders.rebuilt import check_weights, rebuilt
from archflow.errors import ArchflowError


def make() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))


def test_the_module_has_the_weights_and_is_in_evaluation_mode():
    state = make().state_dict()
    module = rebuilt(make, state)
    assert not module.training
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": torch.zeros(2, 4)}, r"0\.weight is \[2, 4\], not \[2, 3\]"),
        ({"0.weight": torch.zeros(2, 3, dtype=torch.int64)}, r"0\.weight is \[2, 3\] of whole numbers, not \[2, 3\]"),
        ({"more": torch.zeros(1)}, r"more is \[1\], not missing"),
        ({"0.bias": torch.tensor([0.0, float("nan")])}, "the weights '0.bias' are not finite numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ArchflowError, match=message):
        rebuilt(make, {**make().state_dict(), **change})


def test_what_cannot_be_built_is_refused_without_taking_memory():
    state = make().state_dict()
    with pytest.raises(ArchflowError, match="cannot be built"):
        rebuilt(lambda: nn.Linear(-1, 2), state)
    with pytest.raises(ArchflowError, match="do not fit the settings"):
        rebuilt(lambda: nn.Linear(10**7, 10**7), state)  # 400 terabytes, of which none is asked for


def test_whole_numbers_are_finite():
    check_weights(nn.BatchNorm1d(2))
