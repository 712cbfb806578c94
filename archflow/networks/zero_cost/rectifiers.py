"""Recording which units of a network's ReLUs are active, for module and functional ReLUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

RELU = ("relu", "relu_", "relu6")


class RectifierCodes(TorchFunctionMode):
    """Records the code of every ReLU and ReLU6 call while active: (B, units) bool, True for positive inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if _rectifies(getattr(func, "__name__", ""), kwargs or {}):
            self.codes.append((output.detach() > 0).flatten(1))
        return output


def _rectifies(name: str, kwargs: Mapping[str, Any]) -> bool:
    # The module of ReLU6 calls hardtanh between 0 and 6.
    return name in RELU or (name == "hardtanh" and kwargs.get("min_val") == 0)
