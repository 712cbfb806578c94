"""Make the ONNX files of this folder's tests: the networks of `networks.py` as torch exports them, without weights.

Run in an environment that has torch, onnx and onnxscript, from the root of the repository:

    python -m tests.importers.export_onnx
"""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import torch

from tests.importers.networks import NETWORKS

FOLDER = Path(__file__).parent / "fixtures"
OPSET = 18
FEW = 4


def main() -> None:
    """Write a file for every network."""
    FOLDER.mkdir(exist_ok=True)
    for name, case in NETWORKS.items():
        network = case.build().eval()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter)  # equal arrays would become one
        program = torch.onnx.export(
            network,
            case.inputs(),
            dynamo=True,
            opset_version=OPSET,
            # Optimised, normalisations become part of convolutions, and a weight that is shared by a layer and, turned,
            # by an embedding becomes two.
            optimize=name not in ("residual", "depthwise", "decoder"),
        )
        assert program is not None
        model = program.model_proto
        strip(model)
        onnx.save(model, FOLDER / f"{name}.onnx")
        print(f"{name}: {model.ByteSize():,} bytes, {len(model.graph.node)} nodes")


def strip(model: onnx.ModelProto) -> None:
    """Drop the numbers of floating-point arrays that have many, and what tools note beside the graph."""
    for array in model.graph.initializer:
        if math.prod(array.dims) > FEW and array.data_type == onnx.TensorProto.FLOAT:
            array.ClearField("raw_data")
            array.ClearField("float_data")
    for each in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")


if __name__ == "__main__":
    main()
