"""What is traced of a network in torch, by whichever tracer, written down as steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx import Node
from torch.utils import _pytree as pytree

from archflow.importers import opaque_modules
from archflow.importers.opaque_modules import OpaqueModules
from archflow.importers.open_batch import sizes_of_one
from archflow.importers.recurrent import put_recurrent
from archflow.importers.steps import Steps
from archflow.importers.torch_arguments import FIRST_BEHIND, by_name, clamp_name, numbers
from archflow.importers.torch_names import known_as, plain


@dataclass(frozen=True)
class Program:
    """The ATen operators that a network calls, in the order of execution.

    Attributes:
        nodes: Nodes of a graph of torch.fx. `meta["val"]` is what a node computes, `meta["nn_module_stack"]` the
            modules that it is computed in.
        parameters: By the name of their node, the learned arrays.
        inputs: Names of the nodes that are what the network is called with. Other placeholders are constants.
    """

    nodes: Iterable[Node]
    parameters: Mapping[str, nn.Parameter]
    inputs: frozenset[str]

    @classmethod
    def exported(cls, program: ExportedProgram, network: nn.Module) -> Program:
        """The operators of an exported network."""
        specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
        learned = {name: str(spec.target) for name, spec in specs.items() if spec.kind is InputKind.PARAMETER}
        return cls(
            program.graph.nodes,
            {name: network.get_parameter(target) for name, target in learned.items()},
            frozenset(name for name, spec in specs.items() if spec.kind is InputKind.USER_INPUT),
        )


def steps_of(program: Program, network: nn.Module, opaque: OpaqueModules) -> tuple[Steps, list[int]]:
    """The steps of a program, and which of them are its outputs.

    Args:
        program: What was traced.
        network: The network that was traced, which names the learned arrays.
        opaque: The sub-modules that stand as operators.
    """
    reader = _Reader(network, program, opaque)
    for node in program.nodes:
        reader.add(node)
    return reader.steps, reader.outputs


class _Reader:
    """Writes down the nodes of an exported program as steps."""

    def __init__(self, network: nn.Module, program: Program, opaque: OpaqueModules) -> None:
        self.steps, self.outputs = Steps(), list[int]()
        self._step: dict[Node, int] = {}
        self._program, self._opaque = program, opaque
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
        shape = _shape(node)
        if shape is None:
            return  # a number, not an array
        if node.name in self._program.parameters:
            name = self._names[id(self._program.parameters[node.name])]
            self._step[node] = self.steps.weight(name, shape, _itemsize(node))
        elif node.name in self._program.inputs:
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
        """Write down a recurrent layer.

        The node's arguments are sequence, state or states, weights by layer and direction, has_biases, layers, dropout,
        training, bidirectional and batch_first.
        """
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
    """The name of an ATen operator, or of a function of Python."""
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
