"""Networks in torch, through `torch.export` on the meta device: no weight is made, and no memory is taken.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx import Node
from torch.fx import config as fx_config
from torch.utils import _pytree as pytree

from archflow.errors import ArchflowError
from archflow.importers import opaque_modules
from archflow.importers.model import ImportedModel, imported
from archflow.importers.opaque_modules import OpaqueModules
from archflow.importers.open_batch import sizes_of_one, with_open_batch
from archflow.importers.recurrent import put_recurrent
from archflow.importers.steps import Steps
from archflow.importers.torch_arguments import FIRST_BEHIND, by_name, clamp_name, numbers
from archflow.importers.torch_names import known_as, plain
from archflow.named_objects import first_line


def from_module(
    module: nn.Module,
    inputs: Sequence[Any],
    keywords: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    per_example: bool = False,
) -> ImportedModel:
    """The graph of a network as it computes in evaluation.

    The module itself is neither changed nor run: a copy without weights is traced on the meta device. A sub-module that
    cannot be traced becomes one opaque node.

    Args:
        module: The network.
        inputs: What it is called with; of tensors only shapes and types matter.
        keywords: Arguments by name.
        name: What the model is called; its class if empty.
        per_example: Trace it for a batch of any size: shapes and costs are those of one example, and its batch is
            unknown. The batch is the first axis of the first tensor, and of the others that are as long there. A
            network that fixes it is traced with the batch that it is called with, and a note says so.

    Raises:
        ArchflowError: It cannot be exported; the line says where, and why.
    """
    name = name or type(module).__name__
    if not isinstance(module, nn.Module):
        raise ArchflowError(f"{name}: is no torch.nn.Module but a {type(module).__name__}")
    network = without_weights(module).eval()
    arguments, by_keyword = _on_meta(tuple(inputs)), _on_meta(dict(keywords or {}))
    notes: list[str] = []
    if per_example:
        try:
            program = _exported_open(network, arguments, by_keyword)
            return _read(name, network, program, OpaqueModules(network), batch_is_open=True)
        except Exception as error:  # whatever the user's module raises, or the exporter of its axes
            notes = [f"its batch cannot be left open, costs are of the whole batch ({first_line(error)})"]
    with OpaqueModules(network) as opaque:
        try:
            program = _exported(network, arguments, by_keyword, opaque)
        except Exception as error:  # whatever the user's module raises
            place = opaque_modules.where(error, network)
            raise ArchflowError(f"{name}: {place} cannot be exported ({first_line(error)})") from None
        try:
            return _read(name, network, program, opaque, notes)
        except ArchflowError as error:
            raise ArchflowError(f"{name}: {error}") from None


def without_weights(module: nn.Module) -> nn.Module:
    """A copy of a network on the meta device; none of its numbers is copied, and what is shared stays shared."""
    known: dict[int, Any] = {}
    for each in module.parameters():
        known[id(each)] = nn.Parameter(each.detach().to("meta"), requires_grad=each.requires_grad)
    for each in module.buffers():
        known[id(each)] = each.detach().to("meta")
    return copy.deepcopy(module, known)


def _on_meta(values: Any) -> Any:
    return pytree.tree_map_only(Tensor, lambda value: value.detach().to("meta"), values)


def _exported(network: nn.Module, arguments: tuple, keywords: dict[str, Any], opaque: OpaqueModules) -> ExportedProgram:
    """The program of a network, sub-modules that cannot be exported as operators. Raises whatever is beyond that."""
    with _quietly():
        while True:
            with suppress(Exception):
                return torch.export.export(network, arguments, keywords, strict=False)
            try:
                with torch.device("meta"):  # for what a forward makes anew; it takes longer, so only where it is needed
                    return torch.export.export(network, arguments, keywords, strict=False)
            except Exception as error:
                if not opaque.resolve(error):
                    raise


@contextmanager
def _quietly() -> Iterator[None]:
    """Export without what torch prints and warns of, and without the lines of source that it would note at every node,
    which take a fifth of the time."""
    unseen = io.StringIO()  # torch prints what it has traced where it fails
    traces = getattr(fx_config, "do_not_emit_stack_traces", None)
    with warnings.catch_warnings(), torch.no_grad(), redirect_stdout(unseen), redirect_stderr(unseen):
        warnings.simplefilter("ignore")  # of torch's own innards, which the user cannot change
        try:
            if traces is not None:
                fx_config.do_not_emit_stack_traces = True
            yield
        finally:
            if traces is not None:
                fx_config.do_not_emit_stack_traces = traces


def _exported_open(network: nn.Module, arguments: tuple, keywords: dict[str, Any]) -> ExportedProgram:
    """The program of a network for a batch of any size. Raises if it has none."""
    given = with_open_batch(arguments, keywords)
    shapes = given.shapes.dynamic_shapes(network, given.arguments, given.keywords)
    with _quietly(), torch.device("meta"):
        return torch.export.export(network, given.arguments, given.keywords, dynamic_shapes=shapes, strict=False)


def _read(
    name: str,
    network: nn.Module,
    program: ExportedProgram,
    opaque: OpaqueModules,
    notes: Sequence[str] = (),
    *,
    batch_is_open: bool = False,
) -> ImportedModel:
    reader = _Reader(network, program, opaque)
    for node in program.graph.nodes:
        reader.add(node)
    shared = {id(each): each.numel() for each in network.parameters()}
    return imported(
        name,
        reader.steps,
        reader.outputs,
        params=sum(shared.values()),
        notes=[*notes, *opaque.notes],
        batch_is_open=batch_is_open,
    )


class _Reader:
    """Writes down the nodes of an exported program as steps."""

    def __init__(self, network: nn.Module, program: ExportedProgram, opaque: OpaqueModules) -> None:
        self.steps, self.outputs = Steps(), list[int]()
        self._step: dict[Node, int] = {}
        self._network, self._opaque = network, opaque
        self._specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
        self._names = {id(each): name for name, each in network.named_parameters()}

    def add(self, node: Node) -> None:
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "call_function":
            self._call(node)
        elif node.op == "get_attr":
            self._step[node] = self.steps.constant(_shape(node), _itemsize(node))
        elif node.op == "output":
            self.outputs = list(dict.fromkeys(self._taken(node.args)))

    def _placeholder(self, node: Node) -> None:
        spec = self._specs[node.name]
        shape = _shape(node)
        if shape is None:
            return  # a number, not an array
        if spec.kind is InputKind.PARAMETER:
            parameter = self._network.get_parameter(str(spec.target))
            self._step[node] = self.steps.weight(self._names[id(parameter)], shape, _itemsize(node))
        elif spec.kind is InputKind.USER_INPUT:
            self._step[node] = self.steps.input(shape, _itemsize(node))
        else:
            self._step[node] = self.steps.constant(shape, _itemsize(node))

    def _taken(self, arguments: Any) -> list[int]:
        """The steps among arguments, however they are nested."""
        return [
            self._step[each] for each in pytree.tree_leaves(arguments) if isinstance(each, Node) and each in self._step
        ]

    def _call(self, node: Node) -> None:
        name, self.steps.module = _name(node.target), _module(node)
        value = node.meta.get("val")
        if not any(isinstance(each, Tensor) for each in pytree.tree_leaves(value)):
            return  # a size or an assertion
        taken, shape, itemsize = self._taken((node.args, node.kwargs)), _shape(node), _itemsize(node)
        if name == "getitem":
            self._step[node] = self.steps.apply("identity", taken[:1], shape, itemsize)
            return
        if name == opaque_modules.OPERATOR:
            self._step[node] = self._opaque.put(self.steps, node.args[-1], taken, shape, self._names)
            return
        op = known_as(name)
        if op in ("lstm", "gru", "rnn"):
            self._step[node] = self._recurrent(op, node, shape, itemsize)
            return
        order = FIRST_BEHIND.get(name)
        if order is not None and len(taken) == len(order):
            taken = [taken[place] for place in order]
        arguments = _arguments(node)
        if op == "clamp":
            named = by_name(plain(name), node.args, node.kwargs)
            op = clamp_name(named.get("min", named.get("min_val")), named.get("max", named.get("max_val")))
        elif op == "identity" and len(taken) == 1 and _is_cast(node):
            op = "cast"
        self._step[node] = self.steps.apply(op, taken, shape, itemsize, numbers(op, arguments))

    def _recurrent(self, op: str, node: Node, shape: tuple[int, ...] | None, itemsize: int) -> int:
        """Arguments: sequence, state or states, weights by layer and direction, has_biases, layers, dropout, training,
        bidirectional, batch_first."""
        sequence, states, weights, *_, layers, _dropout, _training, both = node.args[:8]
        return put_recurrent(
            self.steps,
            op,
            self._taken(sequence)[0],
            self._taken(weights),
            self._taken(states),
            (int(str(layers)), 2 if both else 1),
            itemsize,
        )


def _name(target: Any) -> str:
    """Of an ATen operator, or of a function of Python."""
    schema = getattr(target, "_schema", None)
    return getattr(target, "__name__", str(target)) if schema is None else schema.name.partition("::")[2]


def _module(node: Node) -> str:
    """The path of the innermost module that a node is computed in."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return str(stack[-1][0]) if stack else ""


def _arguments(node: Node) -> dict[str, Any]:
    """The arguments of an ATen operator by name."""
    schema = getattr(node.target, "_schema", None)
    names = [argument.name for argument in schema.arguments] if schema is not None else []
    return {**dict(zip(names, node.args, strict=False)), **node.kwargs}


def _first(value: Any) -> Tensor | None:
    return next((each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)), None)


def _shape(node: Node) -> tuple[int, ...] | None:
    value = _first(node.meta.get("val"))
    return None if value is None else sizes_of_one(value)


def _itemsize(node: Node) -> int:
    value = _first(node.meta.get("val"))
    return 4 if value is None else value.element_size()


def _is_cast(node: Node) -> bool:
    """Whether a copy has another type than what is copied."""
    before, after = _first([each.meta.get("val") for each in node.all_input_nodes]), _first(node.meta.get("val"))
    return before is not None and after is not None and before.dtype != after.dtype
