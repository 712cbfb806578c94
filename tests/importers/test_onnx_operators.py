"""The shapes of ONNX's operators, beside torch's of the same settings."""

import pytest
import torch
from torch.nn import functional

from archflow.importers import onnx_elementwise, onnx_layers, onnx_moves
from archflow.importers.onnx_calls import Call, UnknownShapeError, name_of
from archflow.importers.onnx_operators import OPERATORS
from archflow.importers.onnx_schema import OnnxNode
from archflow.importers.vocabulary import OPERATIONS


def shape(op, operands, outputs=("y",), **attributes):
    """The shape of the first result. Lists are operands whose numbers are known, tuples shapes of others."""
    known = [torch.tensor(each) if isinstance(each, list) else None for each in operands]
    tensors = [
        torch.empty(each if isinstance(each, tuple) else (len(each),), device="meta")
        if value is None
        else value.to("meta")
        for each, value in zip(operands, known, strict=True)
    ]
    results = OPERATORS[op](Call(tensors, known, attributes, outputs)).results
    return tuple((results if isinstance(results, torch.Tensor) else results[0]).shape)


IMAGE = (2, 4, 11, 9)


@pytest.mark.parametrize(
    ("kernel", "stride", "pad", "dilation"),
    [(3, 1, 0, 1), (3, 2, 1, 1), (5, 3, 2, 1), (3, 1, 2, 2), (1, 2, 0, 1), (2, 2, 1, 1)],
)
def test_windows(kernel, stride, pad, dilation):
    named = {"strides": [stride] * 2, "pads": [pad] * 4, "dilations": [dilation] * 2}
    weight, image = torch.zeros(6, 2, kernel, kernel), torch.zeros(IMAGE)
    expected = functional.conv2d(image, weight, None, stride, pad, dilation, 2).shape
    assert shape("Conv", [IMAGE, tuple(weight.shape)], group=2, **named) == expected
    back = functional.conv_transpose2d(
        image, torch.zeros(4, 3, kernel, kernel), None, stride, pad, 0, 2, dilation
    ).shape
    assert shape("ConvTranspose", [IMAGE, (4, 3, kernel, kernel)], group=2, **named) == back
    if pad <= kernel // 2:
        for ceil in (False, True):
            pooled = functional.max_pool2d(image, kernel, stride, pad, dilation, ceil_mode=ceil).shape
            assert shape("MaxPool", [IMAGE], kernel_shape=[kernel] * 2, ceil_mode=int(ceil), **named) == pooled


@pytest.mark.parametrize(
    ("op", "operands", "attributes", "expected"),
    [
        ("Conv", [(1, 3, 7, 7), (8, 3, 3, 3)], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (1, 8, 4, 4)),
        ("Add", [(2, 1, 3), (4, 1)], {}, (2, 4, 3)),
        ("MatMul", [(2, 3, 4), (4, 5)], {}, (2, 3, 5)),
        ("Gemm", [(2, 3), (5, 3)], {"transB": 1}, (2, 5)),
        ("Gemm", [(3, 2), (3, 5), (5,)], {"transA": 1}, (2, 5)),
        ("Reshape", [(2, 3, 4), [0, -1]], {}, (2, 12)),
        ("Flatten", [(2, 3, 4)], {"axis": 2}, (6, 4)),
        ("Flatten", [(2, 3, 4)], {"axis": 0}, (1, 24)),
        ("Squeeze", [(1, 3, 1), [0]], {}, (3, 1)),
        ("Squeeze", [(1, 3, 1)], {"axes": [2]}, (1, 3)),
        ("Unsqueeze", [(3,), [0, -1]], {}, (1, 3, 1)),
        ("Transpose", [(2, 3, 4)], {}, (4, 3, 2)),
        ("Concat", [(2, 3), (2, 4)], {"axis": -1}, (2, 7)),
        ("Slice", [(9, 9), [1], [2**63 - 1], [1], [3]], {}, (9, 3)),
        ("Slice", [(9, 9), [-1], [-(2**63)], [0], [-2]], {}, (5, 9)),
        ("Gather", [(5, 6), (2, 3)], {"axis": 1}, (5, 2, 3)),
        ("Expand", [(3, 1), [2, 1, 4]], {}, (2, 3, 4)),
        ("Tile", [(2, 3), [2, 1]], {}, (4, 3)),
        ("Pad", [(2, 3), [0, 1, 0, 2]], {}, (2, 6)),
        ("Resize", [(1, 2, 4, 4), [0.0], [1.0, 1.0, 2.0, 1.5]], {}, (1, 2, 8, 6)),
        ("ReduceMean", [(2, 3, 4), [-1]], {"keepdims": 0}, (2, 3)),
        ("ReduceSum", [(2, 3)], {}, (1, 1)),
        ("DepthToSpace", [(1, 8, 2, 2)], {"blocksize": 2}, (1, 2, 4, 4)),
        ("SpaceToDepth", [(1, 2, 4, 4)], {"blocksize": 2}, (1, 8, 2, 2)),
        ("LSTM", [(7, 2, 5), (1, 12, 5), (1, 12, 3)], {"hidden_size": 3}, (7, 1, 2, 3)),
        ("ArgMax", [(2, 3)], {"axis": -1, "keepdims": 0}, (2,)),
        ("TopK", [(2, 9), [3]], {}, (2, 3)),
        ("Range", [[0], [7], [2]], {}, (4,)),
        ("Where", [(2, 1), (3,), (2, 3)], {}, (2, 3)),
        ("GlobalAveragePool", [(1, 2, 3, 4)], {}, (1, 2, 1, 1)),
        ("Einsum", [(2, 3), (3, 4)], {"equation": "ij,jk->ik"}, (2, 4)),
        ("ConstantOfShape", [[2, 3]], {}, (2, 3)),
        ("GatherND", [(4, 5, 6), (3, 2)], {}, (3, 6)),
    ],
)
def test_shapes(op, operands, attributes, expected):
    assert shape(op, operands, **attributes) == expected


def test_a_split_has_the_parts_that_it_is_told_or_equal_ones():
    assert shape("Split", [(7, 2)], ("a", "b", "c")) == (3, 2)
    assert shape("Split", [(7, 2), [1, 6]], ("a", "b")) == (1, 2)


@pytest.mark.parametrize(("op", "operands"), [("Reshape", [(2, 3), (1,)]), ("Add", [(2, 3)]), ("Tile", [(2,), (1,)])])
def test_what_depends_on_unknown_numbers_is_unknown(op, operands):
    with pytest.raises(UnknownShapeError):
        shape(op, operands)


@pytest.mark.parametrize("ends", [([0.0], [6.0]), ([0], [6])])
def test_a_clip_between_0_and_6_is_relu6(ends):
    known = [None, *map(torch.tensor, ends)]
    found = OPERATORS["Clip"](Call([torch.empty(2, device="meta")] * 3, known, {}, ("y",)))
    assert found.op == "relu6"


def test_every_file_of_operators_has_registered_its_own():
    homes = {getattr(each, "func", each).__module__ for each in OPERATORS.values()}
    assert homes == {module.__name__ for module in (onnx_elementwise, onnx_layers, onnx_moves)}


def test_operators_are_called_as_the_vocabulary_does():
    names = {name_of(OnnxNode(op, "", [], [], {})) for op in OPERATORS}
    assert names <= OPERATIONS | {"identity"}
    assert name_of(OnnxNode("Conv", "strange", [], [], {})) == "strange.Conv"
    assert name_of(OnnxNode("Nothing", "", [], [], {})) == "Nothing"
