"""ONNX files: one network is one graph whichever way it comes, and a file made to do harm is one line."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.importers.onnx_file import OnnxImporter, from_onnx
from archflow.importers.torch_export import from_module
from archflow.testing import check_importer
from tests.importers import onnx_bytes as onnx
from tests.importers.networks import NETWORKS

FIXTURES = Path(__file__).parent / "fixtures"


def read(tmp_path, *parts, **named):
    (tmp_path / "model.onnx").write_bytes(onnx.model(*parts, **named))
    return from_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_one_graph_through_torch_and_through_onnx(name):
    case = NETWORKS[name]
    ours, theirs = from_module(case.build(), case.inputs()), from_onnx(FIXTURES / f"{name}.onnx")
    assert sorted(ours.architecture.ops) == sorted(theirs.architecture.ops)
    assert ours.architecture.hash == theirs.architecture.hash  # operations, edges and all attributes
    np.testing.assert_equal(ours.columns, theirs.columns)
    assert not ours.opaque
    assert not theirs.opaque


def test_contract(tmp_path):
    cut = tmp_path / "cut.onnx"
    cut.write_bytes((FIXTURES / "residual.onnx").read_bytes()[:-100])
    empty = tmp_path / "empty.onnx"
    empty.touch()
    check_importer(
        OnnxImporter, str(FIXTURES / "residual.onnx"), [str(cut), str(empty), str(tmp_path), str(tmp_path / "no.onnx")]
    )


def test_shapes_are_computed_where_the_file_says_none(tmp_path):
    found = read(
        tmp_path,
        onnx.value("x", ["N", 3, 32, 32]),
        onnx.initializer(onnx.array("w", [8, 3, 3, 3])),
        onnx.initializer(onnx.array("v", [8 * 16 * 16, 10])),
        onnx.initializer(onnx.integers("minus_one", [-1])),
        onnx.node("Conv", ["x", "w"], ["a"], strides=[2, 2], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        # A shape that the graph computes: the batch, and all the rest in one.
        onnx.node("Shape", ["a"], ["shape"]),
        onnx.initializer(onnx.array("zero", [], 7, bytes(8))),
        onnx.node("Gather", ["shape", "zero"], ["batch"]),
        onnx.initializer(onnx.integers("axis", [0])),
        onnx.node("Unsqueeze", ["batch", "axis"], ["front"]),
        onnx.node("Concat", ["front", "minus_one"], ["target"], axis=0),
        onnx.node("Reshape", ["a", "target"], ["b"]),
        onnx.node("MatMul", ["b", "v"], ["y"]),
        onnx.output("y"),
    )
    assert found.architecture.ops == ("input", "conv2d", "reshape", "linear", "output")
    assert found.columns["macs"] == 8 * 16 * 16 * 27 + 8 * 16 * 16 * 10
    assert found.columns["params"] == 8 * 27 + 8 * 16 * 16 * 10
    assert found.architecture.attributes["shape_1"][-1] == 10
    assert (found.columns["batch"], found.columns["resolution"]) == (1, 32)


def test_a_gemm_is_linear_with_its_bias(tmp_path):
    parts = [onnx.initializer(onnx.array("w", [5, 4])), onnx.initializer(onnx.array("b", [5]))]
    found = read(tmp_path, X, *parts, onnx.node("Gemm", ["x", "w", "b"], ["y"], transB=1), Y)
    assert found.architecture.ops == ("input", "linear", "output")
    assert (found.columns["params"], found.columns["macs"]) == (25, 20)
    assert found.architecture.attributes["channels_out"][1] == 5


def test_an_unknown_operator_is_opaque_with_the_shape_that_the_file_says(tmp_path):
    found = read(
        tmp_path,
        onnx.value("x", [2, 4]),
        onnx.node("Frobnicate", ["x"], ["a"], domain="com.example"),
        onnx.value("a", [2, 7], 13),
        onnx.node("Relu", ["a"], ["y"]),
        onnx.output("y"),
    )
    assert found.opaque == {"com.example.Frobnicate": 1}
    assert found.architecture.ops == ("input", "com.example.Frobnicate", "relu", "output")
    assert found.architecture.attributes["shape_1"] == (4, 7, 7, 7)


def test_weights_in_other_files_are_not_looked_for(tmp_path):
    parts = [onnx.value("x", [1, 4]), onnx.node("MatMul", ["x", "w"], ["y"]), onnx.output("y")]
    found = read(tmp_path, onnx.initializer(onnx.array("w", [4, 5], location="weights/a.bin")), *parts)
    assert found.columns["params"] == 20
    for outside in ("/etc/passwd", "../w.bin", "a/../../w.bin", "C:\\w.bin", "..\\w.bin"):
        with pytest.raises(ArchflowError, match="outside its folder"):
            read(tmp_path, onnx.initializer(onnx.array("w", [4, 5], location=outside)), *parts)


X, Y = onnx.value("x", [1, 4]), onnx.output("y")
HOSTILE = {
    "a cycle": ([X, onnx.node("Add", ["x", "b"], ["a"]), onnx.node("Relu", ["a"], ["b"]), Y], "has a cycle"),
    "no output": ([X, onnx.node("Relu", ["x"], ["a"]), Y], "no node gives its output 'y'"),
    "no outputs": ([X, onnx.node("Relu", ["x"], ["y"])], "has no output"),
    "a huge input": ([onnx.value("x", [1 << 40, 1 << 40]), onnx.node("Relu", ["x"], ["y"]), Y], "so large"),
    "a huge weight": ([X, onnx.initializer(onnx.array("w", [1 << 62, 1 << 62]))], "so large"),
    "a negative weight": ([X, onnx.initializer(onnx.array("w", [-5]))], "not negative"),
    "many axes": ([X, onnx.initializer(onnx.array("w", [1] * 1000))], "more than"),
    "an open size": ([onnx.value("x", [1, 3, "H", 4]), onnx.node("Relu", ["x"], ["y"]), Y], "axis 2 .* is open"),
    "an input without shape": ([onnx.value("x", None), onnx.node("Relu", ["x"], ["y"]), Y], "no shape"),
    "a text for a number": ([X, b"\x0a\x08\x2a\x06\x0a\x01a\x12\x01b", Y], "a message stands"),
    "a graph that is a number": ([b"\x08\x01" * 5], "a number stands"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_one_line(tmp_path, kind):
    parts, message = HOSTILE[kind]
    with pytest.raises(ArchflowError, match=message) as error:
        read(tmp_path, *parts)
    assert "\n" not in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_sizes_that_a_graph_computes_take_no_memory(tmp_path):
    parts = [
        onnx.initializer(onnx.integers("size", [1 << 20, 1 << 20])),
        onnx.node("ConstantOfShape", ["size"], ["big"]),
        onnx.node("Add", ["x", "y"], ["z"]),
        onnx.output("z"),
    ]
    found = read(tmp_path, onnx.value("x", [1, 1 << 20]), *parts[:2], onnx.node("Relu", ["big"], ["y"]), *parts[2:])
    assert found.architecture.ops == ("input", "add", "output")
    times = onnx.initializer(onnx.integers("times", [1 << 10, 1 << 10]))
    with pytest.raises(ArchflowError, match="so large"):
        read(tmp_path, X, times, *parts[:2], onnx.node("Tile", ["big", "times"], ["y"]), *parts[2:])


@pytest.mark.parametrize("opset", [0, 31, 2**40])
def test_an_unknown_version_of_the_operators_is_refused(tmp_path, opset):
    with pytest.raises(ArchflowError, match="version"):
        read(tmp_path, X, onnx.node("Relu", ["x"], ["y"]), Y, opset=opset)


def test_more_nodes_than_a_model_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("archflow.importers.onnx_schema.MOST_STEPS", 10)
    with pytest.raises(ArchflowError, match="more than 10 nodes"):
        read(tmp_path, X, *[onnx.node("Relu", ["x"], [f"a{i}"]) for i in range(11)], Y)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(tmp_path_factory, data):
    content = bytearray((FIXTURES / "two_inputs.onnx").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "model.onnx"
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(ArchflowError):
        from_onnx(path)
