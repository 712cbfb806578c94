"""All operators of ONNX that are known: importing this module registers them."""

from archflow.importers import onnx_elementwise, onnx_layers, onnx_moves
from archflow.importers.onnx_calls import OPERATORS

__all__ = ["OPERATORS", "onnx_elementwise", "onnx_layers", "onnx_moves"]
