import pytest
import torch
from torch import nn
from torch.nn import functional

from archflow.errors import ArchflowError
from archflow.networks.counting import count_parameters
from archflow.networks.darts_network import DARTSCell, DARTSNetwork, Step
from archflow.networks.darts_operations import OPERATIONS, FactorizedReduction, SeparableConv, make_operation

NORMAL: list[Step] = [("sep_conv_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("avg_pool_3x3", 0)]
NORMAL += [("dil_conv_3x3", 3), ("none", 1), ("sep_conv_5x5", 4), ("dil_conv_5x5", 2)]
REDUCTION: list[Step] = [("skip_connect", 0), ("max_pool_3x3", 1), ("avg_pool_3x3", 0), ("dil_conv_5x5", 2)]
REDUCTION += [("sep_conv_3x3", 1), ("none", 0), ("skip_connect", 4), ("dil_conv_3x3", 1)]

NORMALISED = (1 + 1e-5) ** -0.5
"""What batch normalisation multiplies with before it has seen any data."""


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_or_halve_the_resolution(name: str, stride: int, affine: bool) -> None:
    operation = make_operation(name, 6, stride, affine)
    for height, width in ((8, 6), (5, 7), (1, 2)):
        found = operation(torch.randn(2, 6, height, width))
        assert found.shape == (2, 6, -(-height // stride), -(-width // stride))


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_affine_normalisation_learns(name: str) -> None:
    affine, plain = (make_operation(name, 6, 2, affine) for affine in (True, False))
    norms = [module for module in plain.modules() if isinstance(module, nn.BatchNorm2d)]
    assert not any(norm.affine for norm in norms)
    pooling = name.endswith("pool_3x3")
    assert bool(norms) == (name != "none")
    assert count_parameters(affine) - count_parameters(plain) == (0 if pooling else 2 * 6 * len(norms))
    assert pooling == isinstance(affine, nn.MaxPool2d | nn.AvgPool2d)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("kernel", [3, 5])
def test_separable_convolution_is_depthwise_then_pointwise(kernel: int, stride: int, dilation: int) -> None:
    block = SeparableConv(3, kernel, stride, dilation, affine=True).eval()
    x = torch.randn(2, 3, 9, 8)
    depthwise, pointwise = block[1].weight, block[2].weight
    padding = (kernel - 1) * dilation // 2
    each = [
        functional.conv2d(x[:, c : c + 1].relu(), depthwise[c : c + 1], None, stride, padding, dilation)
        for c in range(3)
    ]
    torch.testing.assert_close(block(x), functional.conv2d(torch.cat(each, 1), pointwise) * NORMALISED)


def test_sep_conv_is_two_blocks_the_first_with_the_stride() -> None:
    blocks = make_operation("sep_conv_5x5", 4, 2, True)
    assert [block[1].stride for block in blocks] == [(2, 2), (1, 1)]
    assert all(block[1].dilation == (1, 1) and block[1].kernel_size == (5, 5) for block in blocks)
    dilated = make_operation("dil_conv_5x5", 4, 2, True)
    assert (dilated[1].stride, dilated[1].dilation, dilated[1].kernel_size) == ((2, 2), (2, 2), (5, 5))


def test_average_pooling_does_not_count_the_padding() -> None:
    ones = torch.ones(1, 2, 4, 4)
    torch.testing.assert_close(make_operation("avg_pool_3x3", 2, 1, True)(ones), ones)


@pytest.mark.parametrize(("height", "width"), [(6, 8), (5, 7), (1, 1), (4, 3)])
def test_factorized_reduction_sees_even_and_odd_pixels(height: int, width: int) -> None:
    block = FactorizedReduction(3, 4).eval()
    x = torch.randn(2, 3, height, width)
    even, odd = x.relu()[:, :, ::2, ::2], x.relu()[:, :, 1::2, 1::2]
    # Zeros stand for the odd pixels that an odd size lacks.
    odd = functional.pad(odd, (0, even.shape[3] - odd.shape[3], 0, even.shape[2] - odd.shape[2]))
    pair = [functional.conv2d(even, block.even.weight), functional.conv2d(odd, block.odd.weight)]
    expected = torch.cat(pair, 1) * NORMALISED
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("steps", [NORMAL, REDUCTION])
@pytest.mark.parametrize("reduction", [False, True])
@pytest.mark.parametrize("older_is_larger", [False, True])
def test_cell_concatenates_sums_of_two_steps(steps: list[Step], reduction: bool, older_is_larger: bool) -> None:
    cell = DARTSCell(steps, 5, 7, 4, reduction=reduction, older_is_larger=older_is_larger, affine=False).eval()
    older, newer = torch.randn(2, 5, *((12, 9) if older_is_larger else (6, 5))), torch.randn(2, 7, 6, 5)
    maps = {0: cell.older(older), 1: cell.newer(newer)}
    for node in range(4):
        left, right = 2 * node, 2 * node + 1
        maps[node + 2] = cell.operations[left](maps[steps[left][1]]) + cell.operations[right](maps[steps[right][1]])
    expected = torch.cat([maps[node] for node in range(2, 6)], 1)
    assert expected.shape == (2, 16, 3, 3) if reduction else (2, 16, 6, 5)
    torch.testing.assert_close(cell(older, newer), expected)


def test_reduction_cells_stand_between_the_stages() -> None:
    network = DARTSNetwork(NORMAL, REDUCTION, 4, 2)
    shapes: list[tuple[int, ...]] = []
    for cell in network.cells:
        cell.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape[1:])))
    network(torch.randn(2, 3, 16, 12))
    assert shapes == [(16, 16, 12)] * 2 + [(32, 8, 6)] * 3 + [(64, 4, 3)] * 3
    assert [isinstance(cell.older, FactorizedReduction) for cell in network.cells] == [i in (3, 6) for i in range(8)]


@pytest.mark.parametrize("image", [(1, 8, 8), (3, 5, 7), (2, 1, 1)])
@pytest.mark.parametrize("stages", [1, 3, 4])
def test_network_maps_small_images_to_scores(image: tuple[int, int, int], stages: int) -> None:
    network = DARTSNetwork(NORMAL, REDUCTION, 2, 1, stages, classes=7, image_channels=image[0]).eval()
    assert network(torch.randn(3, *image)).shape == (3, 7)


def test_every_parameter_on_the_way_learns() -> None:
    network = DARTSNetwork(NORMAL, REDUCTION, 4, 1, image_channels=1, affine=True)
    functional.cross_entropy(network(torch.randn(8, 1, 8, 8)), torch.arange(8)).backward()
    still = [name for name, parameter in network.named_parameters() if not bool(parameter.grad.any())]
    assert not still


def test_network_of_nothing_gives_every_image_the_same_scores() -> None:
    nothing: list[Step] = [("none", 0)] * 8
    scores = DARTSNetwork(nothing, nothing, 4, 1)(torch.randn(3, 3, 8, 8))
    assert torch.equal(scores[0], scores[1])


def test_seed_decides_the_weights_and_nothing_else_moves() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = (DARTSNetwork(NORMAL, REDUCTION, 2, 1, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "0 steps"),
        (NORMAL[:3], "3 steps"),
        ([("none", 2), ("none", 0)], r"step 0 of a DARTS cell \(none\) reads feature map 2: use one of 0 to 1"),
        ([*NORMAL[:3], ("none", -1)], "step 3 .* feature map -1: use one of 0 to 2"),
        ([("conv", 0), ("none", 0)], "unknown operation 'conv'.*sep_conv_3x3"),
    ],
)
def test_wrong_cells_are_refused(steps: list[Step], message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        DARTSNetwork(steps, REDUCTION, 4, 1)
    with pytest.raises(ArchflowError, match=message):
        DARTSNetwork(NORMAL, steps, 4, 1)


@pytest.mark.parametrize("name", ["channels", "cells_per_stage", "stages", "classes", "image_channels"])
def test_sizes_below_one_are_refused(name: str) -> None:
    with pytest.raises(ArchflowError, match=f"0 {name.replace('_', ' ')} cannot be built"):
        DARTSNetwork(NORMAL, REDUCTION, **{name: 0})
