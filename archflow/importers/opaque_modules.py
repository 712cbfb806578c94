"""Sub-modules that cannot be traced, as single operations: what surrounds them is still imported.

The traceback of a failed export passes the module that failed. That module is replaced by an operator that only has
shapes. To learn these shapes, the module is run alone, once, on zeros and with weights of zeros.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from archflow.importers.steps import Steps
from archflow.named_objects import first_line

OPERATOR = "opaque_module"
_SHAPES: dict[int, list[tuple[tuple[int, ...], torch.dtype]]] = {}
"""Shapes and types of the results of the modules that stand as operators, by number, while they are exported."""


@torch.library.custom_op(f"archflow::{OPERATOR}", mutates_args=())
def _opaque(tensors: list[Tensor], number: int) -> list[Tensor]:
    raise NotImplementedError("it has shapes only")


@_opaque.register_fake
def _(tensors: list[Tensor], number: int) -> list[Tensor]:
    device = tensors[0].device if tensors else torch.device("meta")
    return [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in _SHAPES[number]]


class OpaqueModules:
    """The sub-modules of a network that stand as operators. Leaving the context gives them their own forward again."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._names = {id(module): name for name, module in network.named_modules()}
        self._stand_ins: dict[int, _StandIn] = {}
        self.notes: list[str] = []

    def __enter__(self) -> OpaqueModules:
        return self

    def __exit__(self, *_: object) -> None:
        for number, stand_in in self._stand_ins.items():
            stand_in.module.__dict__.pop("forward", None)
            _SHAPES.pop(number, None)

    def resolve(self, error: BaseException) -> bool:
        """Prepare another attempt after a failed export; False if that would not help.

        The innermost sub-module that the error passed stands as an operator from now on, or the shapes that one gives
        are found out.
        """
        if isinstance(error, _ShapesNeededError):
            return error.stand_in.find_shapes()
        module = innermost(error, self._network)
        if module is None or module is self._network or any(module is each.module for each in self._stand_ins.values()):
            return False
        number = max(_SHAPES, default=-1) + 1
        _SHAPES[number] = []
        self._stand_ins[number] = module.forward = _StandIn(module, number)
        kind, name = type(module).__name__, self._names[id(module)]
        self.notes.append(f"sub-module {name} ({kind}) cannot be traced and is one node: {first_line(error)}")
        return True

    def put(
        self, steps: Steps, number: Any, taken: Sequence[int], shape: tuple[int, ...] | None, names: dict[int, str]
    ) -> int:
        """Write down the step of a module. names: of all learned arrays, by identity."""
        module = self._stand_ins[number].module
        weights = [
            steps.weight(names[id(each)], tuple(each.shape), each.element_size()) for each in module.parameters()
        ]
        return steps.apply(type(module).__name__, [*taken, *weights], shape)


def innermost(error: BaseException, network: nn.Module) -> nn.Module | None:
    """The innermost module of a network's own that the traceback of an error passed."""
    # The exporter calls modules through proxies, which share the attributes of the module behind.
    own = {id(vars(module)): module for module in network.modules()}
    found, trace = None, error.__traceback__
    while trace is not None:
        each = trace.tb_frame.f_locals.get("self")
        if isinstance(each, nn.Module):
            found = own.get(id(vars(each)), found)
        trace = trace.tb_next
    return found


def where(error: BaseException, network: nn.Module) -> str:
    """What to call the place where an export failed."""
    module = innermost(error, network)
    name = next((name for name, each in network.named_modules() if each is module), "")
    return f"sub-module {name} ({type(module).__name__})" if name else "the network"


class _StandIn:
    """A forward that calls the operator in the place of a module."""

    def __init__(self, module: nn.Module, number: int) -> None:
        self.module, self.number = module, number
        self._given: tuple[tuple, dict[str, Any]] | None = None
        self._structure: Any = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self._structure is None:
            self._given = pytree.tree_map_only(Tensor, _Blank.of, (arguments, keywords))
            raise _ShapesNeededError(self)
        tensors = [each for each in pytree.tree_leaves((arguments, keywords)) if isinstance(each, Tensor)]
        results = torch.ops.archflow.opaque_module(tensors, self.number)
        return pytree.tree_unflatten(results, self._structure)

    def find_shapes(self) -> bool:
        """Run the module for zeros, on the CPU and with weights of zeros. False if it gives more than arrays.

        Raises whatever the module raises.
        """
        alone = copy.deepcopy(self.module, {id(self): None}).to_empty(device="cpu")
        alone.__dict__.pop("forward", None)
        arguments, keywords = pytree.tree_map_only(_Blank, _Blank.zeros, self._given)
        with torch.no_grad():
            for each in (*alone.parameters(), *alone.buffers()):
                each.zero_()
            results, self._structure = pytree.tree_flatten(alone(*arguments, **keywords))
        _SHAPES[self.number] = [(tuple(each.shape), each.dtype) for each in results]
        return True


class _ShapesNeededError(Exception):
    """Leaves the export, in which nothing can run."""

    def __init__(self, stand_in: _StandIn) -> None:
        super().__init__("the shapes of its results are not known yet")
        self.stand_in = stand_in


@dataclass(frozen=True)
class _Blank:
    """An array of which only shape and type are known."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: Tensor) -> _Blank:
        return cls(tuple(int(size) for size in tensor.shape), tensor.dtype)

    def zeros(self) -> Tensor:
        return torch.zeros(self.shape, dtype=self.dtype)
