"""Operations that are written out are put together, and nothing else is."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from archflow.importers.patterns import put_together
from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Steps
from archflow.importers.torch_export import from_module


class Of(nn.Module):
    """A function as a network."""

    def __init__(self, function, **parameters):
        super().__init__()
        self.function = function
        for name, size in parameters.items():
            setattr(self, name, nn.Parameter(torch.ones(size)))

    def forward(self, *inputs):
        return self.function(self, *inputs)


def imported(function, *shapes, **parameters):
    return from_module(Of(function, **parameters), [torch.zeros(shape) for shape in shapes])


def centred(x):
    return x - x.mean(-1, keepdim=True)


WRITTEN_OUT = {
    "gelu": [
        lambda _, x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
        lambda _, x: 0.5 * (x * (1 + torch.erf(x * 0.7))),
        lambda _, x: x * (0.5 * (torch.erf(x / math.sqrt(2)) + 1)),
        lambda _, x: 0.5 * x * (1 + torch.tanh(0.8 * (x + 0.04 * x.pow(3)))),
        lambda _, x: functional.gelu(x),
    ],
    "silu": [lambda _, x: x * torch.sigmoid(x), lambda _, x: torch.sigmoid(x) * x],
    "hard_swish": [
        lambda _, x: x * functional.relu6(x + 3) / 6,
        lambda _, x: x * (functional.relu6(x + 3) / 6),
        lambda _, x: x * functional.hardsigmoid(x),
    ],
    "hard_sigmoid": [lambda _, x: functional.relu6(x + 3) / 6, lambda _, x: functional.hardtanh(x + 3, 0.0, 6.0) / 6],
    "mish": [lambda _, x: x * torch.tanh(functional.softplus(x))],
    "softplus": [lambda _, x: torch.where(x > 20, x, functional.softplus(x))],
    "layer_norm": [
        lambda _, x: (d := centred(x)) / torch.sqrt(d.pow(2).mean(-1, keepdim=True) + 1e-5),
        lambda _, x: (d := centred(x)) / torch.sqrt((d * d).mean(-1, keepdim=True) + 1e-5),
    ],
    "rms_norm": [
        lambda _, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
        lambda _, x: x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6),
        lambda _, x: x * (1.0 / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)),
        lambda _, x: x * (x.square().mean(-1, keepdim=True) + 1e-6).sqrt().reciprocal(),
    ],
}


@pytest.mark.parametrize(("op", "place"), [(op, i) for op, forms in WRITTEN_OUT.items() for i in range(len(forms))])
def test_what_is_written_out_is_one_node(op, place):
    found = imported(WRITTEN_OUT[op][place], (2, 6))
    assert found.architecture.ops == ("input", op, "output")


@pytest.mark.parametrize(
    "function",
    [
        lambda _, x: (y := torch.sigmoid(x)) * x + y,  # the part inside is taken elsewhere
        lambda _, x: torch.sigmoid(x) * (x + 1),
        lambda _, x: x * 0.5 * (1 + torch.erf(2 - x)),
    ],
)
def test_what_only_looks_like_it_stays(function):
    assert not {"silu", "gelu"} & set(imported(function, (2, 6)).architecture.ops)


def test_a_scale_and_a_shift_for_every_channel_are_the_normalisation_s():
    def scaled(me, x):
        return functional.layer_norm(x, (6,)) * me.scale + me.shift

    found = imported(scaled, (2, 6), scale=6, shift=6)
    assert found.architecture.ops == ("input", "layer_norm", "output")
    assert found.architecture.attributes["params"] == (0, 12, 0)
    # A factor for every row is none of its own.
    other = imported(lambda me, x: functional.layer_norm(x, (6,)) * me.scale, (2, 6), scale=(2, 1))
    assert other.architecture.ops == ("input", "layer_norm", "mul", "output")


def test_a_product_with_a_matrix_is_linear_and_the_sum_behind_it_its_bias():
    whole = imported(lambda me, x: functional.linear(x, me.w.T, me.b), (2, 6), w=(6, 4), b=4)
    for function in (
        lambda me, x: x @ me.w + me.b,
        lambda me, x: torch.addmm(me.b, x, me.w),
        lambda me, x: me.b + functional.linear(x, me.w.T),
    ):
        assert imported(function, (2, 6), w=(6, 4), b=4).architecture == whole.architecture
    assert whole.architecture.ops == ("input", "linear", "output")
    twice = imported(lambda me, x: (y := x @ me.w) + me.b + y, (2, 6), w=(6, 4), b=4)
    assert twice.architecture.ops.count("add") == 2


def test_a_product_of_two_inputs_stays_one():
    assert imported(lambda _, x, y: x @ y, (2, 3), (3, 4)).architecture.ops.count("matmul") == 1


def test_an_operation_that_is_not_there_changes_nothing():
    steps = Steps()
    y = steps.apply("relu", [steps.input((1,))], (1,))
    model = Rewriting(steps, [y])
    put_together(model)
    assert model.steps == list(steps)
