"""ONNX files: the graph with shapes and costs, without weights, and without running anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.importers.base import IMPORTERS, Importer, Source
from archflow.importers.model import ImportedModel, imported
from archflow.importers.normal import IDENTITY
from archflow.importers.onnx_calls import DOMAINS, Call, Found, UnknownShapeError, name_of
from archflow.importers.onnx_operators import OPERATORS
from archflow.importers.onnx_schema import SMALL, Array, OnnxGraph, OnnxNode, read_onnx
from archflow.importers.recurrent import RECURRENT
from archflow.importers.steps import Steps, check_shape
from archflow.importers.vocabulary import ARITHMETIC
from archflow.printable import shown


@IMPORTERS.register("onnx")
class OnnxImporter(Importer):
    """Files of ONNX."""

    form = "*.onnx"

    def accepts(self, source: Source) -> bool:
        return source.text.endswith(".onnx")

    def models(self, source: Source) -> Iterator[ImportedModel]:
        yield from_onnx(source.text)


class Value(NamedTuple):
    """What a name in the graph stands for.

    Attributes:
        step: The step that gives it.
        tensor: Its shape and type, on the meta device; None if not known.
        known: Its numbers, where they are few and no input decides them.
        learned: Whether it is an array of the file's.
    """

    step: int
    tensor: Tensor | None
    known: Tensor | None = None
    learned: bool = False

    @property
    def width(self) -> int | None:
        """The size of the last axis; None if there is none, or it is not known."""
        return self.tensor.shape[-1] if self.tensor is not None and self.tensor.dim() else None


def from_onnx(path: str | Path, *, batch: int = 1) -> ImportedModel:
    """The graph of an ONNX file.

    Args:
        path: The file. Weights that it keeps in other files are not looked for.
        batch: The size of the first axis of inputs that leave it open.

    Raises:
        ArchflowError: If the file is damaged, malicious or of an unknown version, or an input has other open sizes; the
            message names the file.
    """
    path = Path(path)
    graph = read_onnx(path)
    try:
        reader = _Reader(graph, batch)
        for number, node in enumerate(graph.nodes):
            reader.add(number, node)
        return imported(path.stem, reader.steps, reader.outputs(graph.outputs))
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


class _Reader:
    """Writes down the nodes of a graph as steps."""

    def __init__(self, graph: OnnxGraph, batch: int) -> None:
        self.steps = Steps()
        self._graph, self._batch = graph, batch
        self._values: dict[str, Value] = {}
        for name, array in graph.initializers.items():
            self._values[name] = self._array(name, array)
        for name, (shape, dtype) in graph.inputs.items():
            self._values[name] = self._input(name, shape, dtype)

    def outputs(self, names: Sequence[str]) -> list[int]:
        missing = next((name for name in names if name not in self._values), None)
        if missing is not None:
            raise ArchflowError(f"no node gives its output {shown(missing)}")
        return [self._values[name].step for name in names]

    def add(self, number: int, node: OnnxNode) -> None:
        missing = next((name for name in node.inputs if name and name not in self._values), None)
        if missing is not None:
            raise ArchflowError(
                f"node {number} ({shown(node.op)}) takes {shown(missing)}, which nothing before it gives: the graph "
                "has a cycle, is not in order, or is cut off"
            )
        if node.op == "Constant" and not node.domain:
            self._values.update(dict.fromkeys(node.outputs, self._constant(node)))
            return
        given = [self._values.get(name) for name in node.inputs]
        found = self._found(node, given)
        self._put(node, given, found)

    def _found(self, node: OnnxNode, given: Sequence[Value | None]) -> Found | None:
        """What the table of operators says of a node; None if it lacks it or a shape is not known."""
        operator = OPERATORS.get(node.op) if node.domain in DOMAINS else None
        if operator is None:
            return None
        known = [None if value is None else value.known for value in given]
        tensors = [None if value is None else value.tensor for value in given]
        try:
            found = operator(Call(tensors, known, node.attributes, node.outputs))
            result = found.results
            few = isinstance(result, Tensor) and result.is_meta and result.numel() <= SMALL
            if few and known and all(each is not None for each in known):
                found = operator(Call(known, known, node.attributes, node.outputs))
            return found
        except (UnknownShapeError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            return None  # what it takes does not fit together, or is not known

    def _put(self, node: OnnxNode, given: Sequence[Value | None], found: Found | None) -> None:
        """Write down a node, and what its results are."""
        tensors = self._results(node, found)
        places = range(len(given)) if found is None or found.operands is None else found.operands
        operands = [value for place in places if place < len(given) and (value := given[place]) is not None]
        step = self._step(node, operands, tensors[0] if tensors else None, found)
        for place, (name, tensor) in enumerate(zip(node.outputs, tensors, strict=True)):
            number = self.steps.apply(IDENTITY, [step], _shape(tensor), _itemsize(tensor)) if place else step
            self._values[name] = _value(number, tensor)

    def _step(self, node: OnnxNode, operands: Sequence[Value], result: Tensor | None, found: Found | None) -> int:
        """Write down the operation of a node; its number."""
        taken, shape, itemsize = self._counted(node, operands), _shape(result), _itemsize(result)
        if node.op == "Gemm" and not node.domain and len(taken) > 1:
            # A product, and a sum with the bias, as torch's linear layers are put together.
            product = self.steps.apply("matmul", taken[:2], shape, itemsize, found.numbers if found else None)
            return self.steps.apply("add", [product, taken[2]], shape, itemsize) if len(taken) > 2 else product
        op = name_of(node) if found is None else found.op
        if op == "gather" and operands and operands[0].learned and node.attributes.get("axis", 0) == 0:
            op = "embedding"
        if op in RECURRENT and shape is not None:
            length, directions, batch, width = shape
            shape = (length, batch, directions * width)  # as torch lays it out
        return self.steps.apply(op, taken, shape, itemsize, found.numbers if found else None)

    def _counted(self, node: OnnxNode, operands: Sequence[Value]) -> list[int]:
        """The steps of operands.

        Arrays that exporters create are not learned: the states that a recurrent layer begins with, and one number that
        scales or shifts many, such as that of an attention's scores.
        """
        made: list[Value | None] = []
        if node.op in ("LSTM", "GRU", "RNN"):
            made = [self._values.get(name) for name in node.inputs[5:7]]
        elif name_of(node) in ARITHMETIC and any(value.width != 1 for value in operands):
            made = [value for value in operands if value.tensor is not None and value.tensor.numel() == 1]
        is_made = [value.learned and any(value is each for each in made) for value in operands]
        pairs = zip(operands, is_made, strict=True)
        return [self.steps.constant(_shape(value.tensor)) if new else value.step for value, new in pairs]

    def _results(self, node: OnnxNode, found: Found | None) -> list[Tensor | None]:
        """The results of a node: as computed, else as the file says."""
        results = [] if found is None else found.results
        computed = [results] if isinstance(results, Tensor) else list(results)
        padded = [*computed, *[None] * len(node.outputs)]
        return [
            self._declared(name) if result is None else result
            for name, result in zip(node.outputs, padded, strict=False)
        ]

    def _declared(self, name: str) -> Tensor | None:
        """A value as the file describes it, if it says all sizes."""
        shape, dtype = self._graph.shapes.get(name, (None, torch.float32))
        sizes = None if shape is None else [size for size in shape if isinstance(size, int)]
        if shape is None or sizes is None or len(sizes) < len(shape):
            return None
        check_shape(tuple(sizes))
        return torch.empty(sizes, dtype=dtype, device="meta")

    def _array(self, name: str, array: Array) -> Value:
        """An initializer: learned if it holds floating-point numbers along at least one axis."""
        tensor = torch.empty(array.shape, dtype=array.dtype, device="meta")
        learned = array.dtype.is_floating_point and len(array.shape) > 0
        if learned:
            step = self.steps.weight(name, array.shape, tensor.element_size())
        else:
            step = self.steps.constant(array.shape, tensor.element_size())
        return Value(step, tensor, array.values, learned)

    def _input(self, name: str, shape: Sequence[int | str] | None, dtype: torch.dtype) -> Value:
        if shape is None:
            raise ArchflowError(f"the input {shown(name)} has no shape; export it with one")
        sizes = [self._batch if axis == 0 and not _is_size(size) else size for axis, size in enumerate(shape)]
        for axis, size in enumerate(sizes):
            if not _is_size(size):
                raise ArchflowError(
                    f"axis {axis} of the input {shown(name)} is open ({shown(size)}); export it with a fixed size, "
                    "only the first axis may be open"
                )
        fixed = tuple(int(size) for size in sizes)
        check_shape(fixed)
        tensor = torch.empty(fixed, dtype=dtype, device="meta")
        return Value(self.steps.input(fixed, tensor.element_size()), tensor)

    def _constant(self, node: OnnxNode) -> Value:
        """The result of a `Constant`: an array, one number or several."""
        given = next(iter(node.attributes.values()), None)
        if isinstance(given, Array):
            tensor, known = torch.empty(given.shape, dtype=given.dtype, device="meta"), given.values
        elif isinstance(given, int | float | list) and not (
            isinstance(given, list) and any(isinstance(each, str) for each in given)
        ):
            known = torch.tensor(given)
            tensor = known.to("meta")
        else:
            tensor = known = None
        return Value(self.steps.constant(_shape(tensor), _itemsize(tensor)), tensor, known)


def _is_size(size: int | str) -> bool:
    return isinstance(size, int) and size > 0


def _value(step: int, tensor: Tensor | None) -> Value:
    if tensor is None or tensor.is_meta:
        return Value(step, tensor)
    return Value(step, tensor.to("meta"), tensor if tensor.numel() <= SMALL else None)


def _shape(tensor: Tensor | None) -> tuple[int, ...] | None:
    return None if tensor is None else tuple(tensor.shape)


def _itemsize(tensor: Tensor | None) -> int:
    return 4 if tensor is None else tensor.element_size()
