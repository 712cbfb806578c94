"""Parts of an object that NumPy gathers on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar

import torch

Part = TypeVar("Part")


def gathered(gather: Callable[[Any], Part]) -> cached_property[Part]:
    """A cached property that `torch.compile` does not trace, since it supports only part of NumPy."""

    @wraps(gather)
    def untraced(owner: Any) -> Part:
        if torch.compiler.is_compiling():
            return torch.compiler.disable(gather)(owner)  # type: ignore[return-value]
        return gather(owner)

    return cached_property(untraced)
