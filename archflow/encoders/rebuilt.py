"""Rebuild modules from a description, after checking that their weights fit it.

So a file of 100 kB that claims a billion parameters is refused before memory is allocated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from archflow.errors import ArchflowError

Module = TypeVar("Module", bound=nn.Module)

_FILLS = {name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")}
"""Names of the functions that initialise a tensor, such as `normal_`."""

_REFUSALS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a constructor raises for arguments that do not fit together."""


def rebuilt(make: Callable[[], Module], tensors: Mapping[str, Tensor]) -> Module:
    """Rebuild a module with these weights, in evaluation mode.

    Args:
        make: Builds it with fresh weights. It is called twice, the first time on torch's meta device, where tensors
            have shapes but no memory.
        tensors: Its state, in any precision.

    Raises:
        ArchflowError: If it cannot be built, if names or shapes do not fit, or if a weight is not finite.
    """
    try:
        # Ten times as many: a constructor may replace parameters.
        with _at_most(10 * len(tensors)), _Unfilled(), torch.device("meta"):
            expected = make().state_dict()
    except ArchflowError:
        raise
    except _REFUSALS as error:
        raise ArchflowError(
            f"the description of the encoder is damaged: it cannot be built ({error}); make the file again"
        ) from None
    for name in sorted({*expected, *tensors}):
        given, wanted = (_form(each.get(name)) for each in (tensors, expected))
        if given != wanted:
            raise ArchflowError(
                f"the weights do not fit the settings ({name} is {given}, not {wanted}); make the file again"
            )
    module = make()
    module.load_state_dict(dict(tensors))
    check_weights(module)
    return module.eval()


def check_weights(module: nn.Module) -> None:
    """Raise ArchflowError for weights that are NaN or infinite."""
    for name, value in module.state_dict().items():
        if value.is_floating_point() and not value.isfinite().all():
            raise ArchflowError(f"the weights {name!r} are not finite numbers: their training diverged; train again")


def _form(tensor: Tensor | None) -> str:
    if tensor is None:
        return "missing"
    return f"{list(tensor.shape)}" + " of whole numbers" * (not tensor.is_floating_point())


class _Unfilled(TorchFunctionMode):
    """Suspends random initialisation: initialisers leave tensors unchanged.

    On the meta device there is nothing to fill, and the first draw would import torch's compiler, which takes seconds.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        named = kwargs or {}
        if func.__name__ in _FILLS:
            return next(iter((*args, *named.values())))
        if func.__name__ in ("rand", "randn"):
            return torch.empty(*args, **{name: value for name, value in named.items() if name != "generator"})
        return func(*args, **named)


@contextmanager
def _at_most(count: int) -> Iterator[None]:
    """Limit the number of parameters that this thread may create."""
    left, thread = count, threading.get_ident()

    def one_less(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal left
        if threading.get_ident() == thread:
            left -= 1
            if left < 0:
                raise ArchflowError("the weights do not fit the settings (too few of them); make the file again")

    handle = register_module_parameter_registration_hook(one_less)
    try:
        yield
    finally:
        handle.remove()
