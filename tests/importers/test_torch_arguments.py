"""What arguments say of an operation."""

import pytest

from archflow.importers.torch_arguments import by_name, clamp_name, kernel_numbers, numbers


def test_arguments_of_a_convolution_by_place_and_by_name():
    arguments = by_name("conv2d", ["x", "w", None, [2, 3], [0, 0], [1, 1]], {"groups": 4})
    assert numbers("conv2d", arguments) == {"stride": 3, "dilation": 1, "groups": 4}
    assert numbers("conv2d", by_name("conv2d", ["x", "w"], {})) == {"stride": 1, "dilation": 1}
    assert numbers("linear", arguments) == {}


def test_a_pooling_strides_by_its_kernel_unless_told_otherwise():
    window = {"kernel_height": 3, "kernel_width": 3, "dilation": 1}
    assert numbers("max_pool2d", by_name("max_pool2d", ["x", 3], {})) == {**window, "stride": 3}
    assert numbers("max_pool2d", by_name("max_pool2d", ["x", [3, 3], 2], {})) == {**window, "stride": 2}
    assert numbers("max_pool2d", {}) == {}
    assert kernel_numbers([5], "avg_pool1d") == {"kernel_width": 5}


@pytest.mark.parametrize(
    ("ends", "name"),
    [((0, 6), "relu6"), ((0.0, None), "relu"), ((0, 1), "clamp"), ((None, 6), "clamp"), (("a", "b"), "clamp")],
)
def test_names_of_clamps(ends, name):
    assert clamp_name(*ends) == name
