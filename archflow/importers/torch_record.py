"""Networks in torch, run once on the meta device while the operators that they call are written down.

This gives the operators of `torch.export` in a fraction of its time. An export builds and checks a program that can run
again; an import needs no more than which operator was called on which shapes.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-all-torch-api-with-modes
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, Node
from torch.fx.node import map_aggregate
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from archflow.importers.torch_program import Program

_LIFTED = "lift_fresh"
"""The operator that torch applies to an array which Python has made of numbers."""


class UntracedError(Exception):
    """A network reads an array that it was not given and that no recorded operator computed."""


def recorded(network: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Program:
    """Run a network on the meta device and write down the operators that it calls.

    Args:
        network: On the meta device. Its forward may change it.
        arguments: What it is called with, on the meta device.
        keywords: Arguments by name.

    Raises:
        UntracedError: If it reads an array of unknown origin, or gives something else than arrays and numbers.
        Exception: Whatever the network raises; one that looks at numbers raises on the meta device.
    """
    recorder = _Recorder()
    parameters = {recorder.placeholder(each).name: each for each in network.parameters()}
    for buffer in network.buffers():
        recorder.placeholder(buffer)
    given = [each for each in pytree.tree_leaves((arguments, dict(keywords))) if isinstance(each, Tensor)]
    inputs = frozenset(recorder.placeholder(each).name for each in given)
    # In inference mode operators arrive before torch takes them apart: `linear`, not `t` and `addmm`.
    with recorder.inside(network), torch.inference_mode(), torch.device("meta"), recorder:
        recorder.finish(network(*arguments, **keywords))
    return Program(recorder.graph.nodes, parameters, inputs)


class _Recorder(TorchDispatchMode):
    """Writes down the operators that are called while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self._nodes: dict[int, Node] = {}
        self._kept: list[Tensor] = []  # else the identity of one that is gone might be that of a later one
        self._modules = [""]

    def placeholder(self, tensor: Tensor) -> Node:
        """A node for an array that no operator computes."""
        return self._named(tensor, self.graph.placeholder(f"given_{len(self._kept)}"))

    def finish(self, result: Any) -> None:
        """Write down what the network gives."""
        leaves = pytree.tree_leaves(result)
        if unknown := [each for each in leaves if not isinstance(each, Tensor | int | float | str | None)]:
            raise UntracedError(f"it gives a {type(unknown[0]).__name__}")
        self.graph.output([self._node(each) for each in leaves if isinstance(each, Tensor)])

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__ == _LIFTED and id(args[0]) not in self._nodes:
            self.placeholder(args[0])
        taken, named = map_aggregate((args, kwargs or {}), self._argument)
        node = self._computed(result, func, taken, named)
        if isinstance(result, tuple | list):
            for place, each in enumerate(result):
                self._computed(each, operator.getitem, (node, place), {})
        return result

    def _computed(self, value: Any, target: Any, taken: Any, named: Any) -> Node:
        node = self.graph.call_function(target, taken, named)
        node.meta["nn_module_stack"] = {"": (self._modules[-1], None)}
        return self._named(value, node)

    def _named(self, value: Any, node: Node) -> Node:
        node.meta["val"] = value
        if isinstance(value, Tensor):
            self._nodes[id(value)] = node
            self._kept.append(value)
        return node

    def _argument(self, value: Any) -> Any:
        return self._node(value) if isinstance(value, Tensor) else value

    def _node(self, tensor: Tensor) -> Node:
        if id(tensor) not in self._nodes:
            raise UntracedError("it reads an array of unknown origin")
        return self._nodes[id(tensor)]

    @contextmanager
    def inside(self, network: nn.Module) -> Iterator[None]:
        """Note which module of a network operators are called in, within the block."""
        hooks = []
        for name, module in network.named_modules():
            hooks.append(module.register_forward_pre_hook(lambda *_, name=name: self._modules.append(name)))
            hooks.append(module.register_forward_hook(lambda *_: self._leave(), always_call=True))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _leave(self) -> None:
        self._modules.pop()
