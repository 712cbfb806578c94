import pytest
import torch
from torch.nn import functional

from archflow.errors import ArchflowError
from archflow.networks.operations import OPERATIONS, ReluConvBatchNorm, ResidualReduction, make_operation


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_the_shape(name: str) -> None:
    x = torch.randn(2, 6, 5, 7)
    assert make_operation(name, 6)(x).shape == x.shape


def test_convolution_is_relu_convolution_normalisation() -> None:
    x = torch.randn(4, 3, 6, 6)
    operation = ReluConvBatchNorm(3, 5, 3)
    convolved = functional.conv2d(x.clamp(min=0), operation[1].weight, padding=1)
    mean, variance = convolved.mean((0, 2, 3), keepdim=True), convolved.var((0, 2, 3), unbiased=False, keepdim=True)
    torch.testing.assert_close(operation(x), (convolved - mean) / (variance + 1e-5).sqrt())


def test_average_pooling_does_not_count_the_padding() -> None:
    ones = torch.ones(1, 2, 4, 4)
    torch.testing.assert_close(make_operation("avg_pool_3x3", 2)(ones), ones)


def test_reduction_is_the_published_residual_block() -> None:
    block = ResidualReduction(3, 6).eval()
    x = torch.randn(2, 3, 8, 8)
    main = functional.conv2d(x.relu(), block.first[1].weight, stride=2, padding=1) / (1 + 1e-5) ** 0.5
    main = functional.conv2d(main.relu(), block.second[1].weight, padding=1) / (1 + 1e-5) ** 0.5
    short = functional.conv2d(functional.avg_pool2d(x, 2), block.shortcut[1].weight)
    torch.testing.assert_close(block(x), main + short)


def test_reduction_rounds_odd_sizes_up() -> None:
    assert ResidualReduction(2, 4)(torch.randn(2, 2, 5, 7)).shape == (2, 4, 3, 4)


def test_unknown_operation_is_named() -> None:
    with pytest.raises(ArchflowError, match=r"'max_pool'.*nor_conv_3x3"):
        make_operation("max_pool", 4)
