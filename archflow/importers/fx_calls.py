"""Calls of torch operations that are written as text.

They are looked up in a list and applied to tensors without numbers, so that shapes are known. Nothing of the text is
executed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from archflow.importers.normal import IDENTITY
from archflow.importers.steps import LARGEST, Steps
from archflow.importers.torch_arguments import FIRST_BEHIND, by_name, clamp_name, numbers
from archflow.importers.torch_names import TORCH_NAMES, known_as, plain
from archflow.importers.vocabulary import ACTIVATIONS, NORMS

_MODULES = ("torch", "torch.nn.functional", "torch._C._nn", "torch._C._linalg", "torch._C._special", "torch.functional")
_OPERATORS = {
    **{"mult": operator.mul, "div": operator.truediv, "matmult": operator.matmul, "usub": operator.neg},
    **{"floordiv": operator.floordiv, "lte": operator.le, "gte": operator.ge, "noteq": operator.ne},
    **{"bitand": operator.and_, "bitor": operator.or_, "bitxor": operator.xor, "invert": operator.inv},
    **{
        name: getattr(operator, name)
        for name in ("add", "sub", "mod", "pow", "getitem", "eq", "lt", "gt", "neg", "mul")
    },
    **{name: getattr(operator, name) for name in ("truediv", "matmul", "le", "ge", "ne", "iadd", "imul", "isub")},
}
_PLAIN = frozenset((*ACTIVATIONS, *NORMS)) - {"glu"}
_SAME_SHAPE = _PLAIN | {IDENTITY, "masked_fill", "index_put"}
"""Operations whose result has the shape of the first operand, whatever cannot be read of the others."""

_SIZES = frozenset(("size", "shape", "dim", "numel", "ndim"))
"""What of a tensor is no tensor."""


@dataclass(frozen=True)
class Traced:
    """A value of a graph: the step that computes it, and its shape and type; tensor is None if they are unknown."""

    step: int
    tensor: Tensor | None


def applied(steps: Steps, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """Record a call. Return its result: a `Traced`, a list of them, or a value that is not a tensor.

    Args:
        steps: Where to.
        name: As in a traced graph: `torch.conv2d`, `method.view`, `operator.add`, `attr.T`.
        arguments, keywords: Literals, and `Traced` in the place of tensors.
    """
    op = known_as(name)
    taken = [each for each in pytree.tree_leaves((arguments, dict(keywords))) if isinstance(each, Traced)]
    # Torch computes some results without numbers slowly; of these the shape is plain.
    value = _by_rule(op, [each.tensor for each in taken]) if op in _PLAIN else None
    if value is None:
        value = _result(name, arguments, {key: each for key, each in keywords.items() if key != "device"})
    if value is not None and not any(isinstance(each, Tensor) for each in pytree.tree_leaves(value)):
        return value
    if name == "operator.getitem" and not taken:
        return None
    if value is None:
        value = _by_rule(op, [each.tensor for each in taken])
    return _put(steps, name, op, _operands(name, op, arguments, keywords, taken), (arguments, keywords), value)


def item_of(steps: Steps, values: Any, place: Any) -> Any:
    """One element of a list of results; the whole list if it is not known which."""
    if isinstance(values, Traced):
        return Traced(steps.apply(IDENTITY, [values.step], None), None)
    try:
        return values[place]
    except (TypeError, IndexError, KeyError):
        return None


def _put(steps: Steps, name: str, op: str, taken: list[int], given: tuple[Sequence[Any], Mapping], value: Any) -> Any:
    tensors = [each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)]
    first = tensors[0] if tensors else None
    named = by_name(plain(name), *given)
    if op == "clamp":
        op = clamp_name(named.get("min", named.get("min_val")), named.get("max", named.get("max_val")))
    if op == IDENTITY:
        taken = taken[:1]
    step = steps.apply(op, taken, _shape(first), _itemsize(first), numbers(op, named))
    if value is None or isinstance(value, Tensor):
        return Traced(step, value)
    rest = {id(each): Traced(steps.apply(IDENTITY, [step], _shape(each), _itemsize(each)), each) for each in tensors}
    return pytree.tree_map_only(Tensor, lambda each: rest[id(each)], list(value))


def _operands(
    name: str, op: str, arguments: Sequence[Any], keywords: Mapping[str, Any], taken: list[Traced]
) -> list[int]:
    """The operands of an operation, in the order of the vocabulary."""
    order = FIRST_BEHIND.get(plain(name))
    if order is not None and len(taken) == len(order):
        taken = [taken[place] for place in order]
    if op == "batch_norm" and len(arguments) > 4:  # running mean and variance stand before weight and bias
        taken = [each for each in (arguments[0], *arguments[3:5]) if isinstance(each, Traced)]
    if op == "batch_norm":
        return [each.step for each in taken[:3]]
    return [each.step for each in taken]


def _result(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """The result of a call on tensors without numbers; None if the call is not in the list, or its result unknown."""
    function = _function(name)
    unknown = any(
        isinstance(each, Traced) and each.tensor is None for each in pytree.tree_leaves((arguments, keywords))
    )
    if function is None or unknown or not _is_small(name, arguments):
        return None
    given, named = pytree.tree_map_only(Traced, lambda each: each.tensor, (list(arguments), dict(keywords)))
    if name in ("operator.getitem", "operator.setitem") and any(isinstance(each, list) for each in given[1:2]):
        given[1] = tuple(given[1])  # traced graphs write both alike
    try:
        with torch.no_grad(), torch.device("meta"):
            value = function(*given, **named)
    except Exception:  # of whatever kind: torch says in many ways that operands do not fit
        return None
    tensors = [each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)]
    return None if any(not each.is_meta or each.numel() > LARGEST for each in tensors) else value


def _is_small(name: str, arguments: Sequence[Any]) -> bool:
    """Whether a call has tensors, or numbers with a result that takes no time: text could ask for a power of powers."""
    if any(isinstance(each, Traced) for each in pytree.tree_leaves(arguments)):
        return True
    numbers = [each for each in arguments if isinstance(each, int | float)]
    is_few = len(numbers) == len(arguments) and all(abs(each) < LARGEST for each in numbers)
    return name == "operator.getitem" or not name.startswith("operator.") or (is_few and not name.endswith("pow"))


def _by_rule(op: str, operands: Sequence[Tensor | None]) -> Tensor | None:
    """The result of an operation whose shape does not depend on unknown values: types, masks, statistics."""
    first = operands[0] if operands else None
    if first is None:
        return None
    if op in _SAME_SHAPE:
        return first
    others = [each for each in operands[1:3] if each is not None]
    if op == "embedding" and others:
        return torch.empty((*first.shape, *others[0].shape[1:]), device="meta")
    if op == "attention" and len(others) == 2 and first.dim():
        return torch.empty((*first.shape[:-1], others[1].shape[-1]), device="meta", dtype=first.dtype)
    return None


def _function(name: str) -> Callable[..., Any] | None:
    """The function of torch with this name, if importers know it."""
    module, _, last = name.rpartition(".")
    if module == "operator":
        return _OPERATORS.get(last)
    if plain(name) not in TORCH_NAMES and last not in _SIZES:
        return None
    if module == "attr":
        return lambda tensor: getattr(tensor, last)
    if module == "method":
        return getattr(Tensor, last, None)
    if module not in _MODULES:
        return None
    home: Any = torch
    for part in module.split(".")[1:]:
        home = getattr(home, part, None)
    return getattr(home, last, None)


def _shape(tensor: Tensor | None) -> tuple[int, ...] | None:
    return None if tensor is None else tuple(tensor.shape)


def _itemsize(tensor: Tensor | None) -> int:
    return 4 if tensor is None else tensor.element_size()
