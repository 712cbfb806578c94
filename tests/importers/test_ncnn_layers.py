"""The layers of ncnn, beside torch's of the same settings."""

import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.importers.ncnn_layers import Layer, put_layer
from archflow.importers.steps import Steps


def put(kind, numbers, shape=(1, 8, 9, 7)):
    steps = Steps()
    return steps[put_layer(steps, Layer(kind, "layer", numbers), [steps.input(shape)])]


@pytest.mark.parametrize(
    ("kind", "numbers", "module"),
    [
        ("Convolution", {0: 4, 1: 3, 3: 2, 4: 1, 6: 288}, nn.Conv2d(8, 4, 3, 2, 1)),
        ("Convolution", {0: 4, 1: 3, 11: 5, 2: 2, 6: 480}, nn.Conv2d(8, 4, (5, 3), dilation=(2, 2))),
        ("ConvolutionDepthWise", {0: 8, 1: 3, 4: 1, 6: 72, 7: 8}, nn.Conv2d(8, 8, 3, padding=1, groups=8)),
        ("Pooling", {0: 0, 1: 3, 2: 2, 3: 1, 5: 1}, nn.MaxPool2d(3, 2, 1)),
        ("Pooling", {0: 1, 1: 2, 2: 2, 5: 0}, nn.AvgPool2d(2, 2, ceil_mode=True)),
        ("Pooling", {0: 1, 4: 1}, nn.AdaptiveAvgPool2d(1)),
        ("HardSwish", {}, nn.Hardswish()),
        ("Padding", {0: 1, 1: 2, 2: 3, 3: 4}, nn.ZeroPad2d((3, 4, 1, 2))),
    ],
)
def test_shapes_are_torch_s(kind, numbers, module):
    assert put(kind, numbers).shape == tuple(module(torch.zeros(1, 8, 9, 7)).shape)


@pytest.mark.parametrize(
    ("kind", "numbers", "op", "params"),
    [
        ("Deconvolution", {0: 4, 1: 2, 3: 2, 5: 1, 6: 128}, "conv_transpose2d", 132),
        ("Gemm", {5: 1, 6: 1, 8: 20, 9: 7, 10: 4}, "linear", 160),
        ("Gemm", {5: 1, 6: 1, 8: 20, 9: 7, 10: -1}, "linear", 140),
        ("LayerNorm", {0: 7}, "layer_norm", 14),
        ("LayerNorm", {0: 7, 2: 0}, "layer_norm", 0),
        ("RMSNorm", {0: 7, 2: 1}, "rms_norm", 7),
        ("BatchNorm", {0: 8}, "batch_norm", 16),
        ("MultiHeadAttention", {0: 7, 1: 1, 2: 49}, "multi_head_attention", 4 * 56),
        ("BinaryOp", {0: 3}, "div", 0),
        ("UnaryOp", {0: 6}, "rsqrt", 0),
        ("Reduction", {0: 3}, "mean", 0),
        ("BinaryOp", {0: 99}, "BinaryOp", 0),
    ],
)
def test_names_and_learned_numbers(kind, numbers, op, params):
    steps = Steps()
    step = steps[put_layer(steps, Layer(kind, "layer", numbers), [steps.input((1, 8, 9, 7))])]
    assert step.op == op
    assert sum(size for each in steps for size in each.weights.values()) == params


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_parameters_that_are_no_numbers_of_a_model_are_refused(value):
    with pytest.raises(ArchflowError, match="parameter 0"):
        put("Convolution", {0: value})


def test_quantised_layers_keep_their_flag():
    for kind, numbers in (("Convolution", {0: 4, 1: 3, 6: 288}), ("InnerProduct", {0: 4, 2: 32})):
        assert put(kind, {**numbers, 8: 2}).numbers["int8"] == 1
        assert "int8" not in put(kind, numbers).numbers
