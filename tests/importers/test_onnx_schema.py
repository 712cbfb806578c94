"""What of an ONNX file tells its graph."""

import pytest
import torch

from archflow.errors import ArchflowError
from archflow.importers.onnx_schema import SMALL, read_onnx
from tests.importers import onnx_bytes as onnx


@pytest.fixture
def read(tmp_path):
    def read(*parts):
        (tmp_path / "m.onnx").write_bytes(onnx.model(*parts))
        return read_onnx(tmp_path / "m.onnx")

    return read


def test_nodes_and_attributes(read):
    (node,) = read(
        onnx.node("Conv", ["x", "", "w"], ["y"], "dom", group=2, pads=[1, -1], value=onnx.integers("", [7]))
    ).nodes
    assert (node.op, node.domain, node.inputs, node.outputs) == ("Conv", "dom", ["x", "", "w"], ["y"])
    assert (node.attributes["group"], node.attributes["pads"]) == (2, [1, -1])
    assert node.attributes["value"].values.tolist() == [7]


def test_of_arrays_only_small_ones_have_numbers(read):
    found = read(
        onnx.initializer(onnx.integers("few", [5, -6])),
        onnx.initializer(onnx.array("many", [SMALL + 1], 7, bytes(8 * (SMALL + 1)))),
        onnx.initializer(onnx.array("absent", [2, 3])),
        onnx.initializer(onnx.array("wrong", [3], 7, bytes(8))),
    ).initializers
    assert found["few"].values.tolist() == [5, -6]
    assert found["few"].dtype == torch.int64
    assert [found[name].values for name in ("many", "absent", "wrong")] == [None] * 3
    assert found["absent"].shape == (2, 3)


def test_an_initializer_is_no_input(read):
    found = read(
        onnx.value("x", [1, "N"]), onnx.value("w", [4]), onnx.initializer(onnx.array("w", [4])), onnx.output("y")
    )
    assert list(found.inputs) == ["x"]
    assert found.inputs["x"][0] == (1, "N")
    assert found.outputs == ["y"]


@pytest.mark.parametrize("content", [b"\x00", b"\xff" * 40, b"not a protocol buffer", onnx.field(7, b"")])
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ArchflowError, match="no ONNX model") as error:
        read_onnx(tmp_path / "m.onnx")
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_is_named_once(tmp_path):
    with pytest.raises(ArchflowError) as error:
        read_onnx(tmp_path / "none.onnx")
    assert str(error.value).count("none.onnx") == 1
