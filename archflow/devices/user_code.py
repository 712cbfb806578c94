"""Networks of the user's own code, by where they are: `package.module:build`. This runs the user's modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from archflow.errors import ArchflowError
from archflow.named_objects import first_line, object_at


def made(name: str) -> Any:
    """What the function or class `package.module:name` gives, or the object itself if it is a network or data.

    Raises:
        ArchflowError: If it cannot be imported from the working folder or the installed packages, or it fails.
    """
    found = object_at(name)
    if isinstance(found, nn.Module) or not callable(found):
        return found
    try:
        return found()
    except Exception as error:  # whatever the user's function raises
        raise ArchflowError(f"{name}: fails ({first_line(error)})") from None


def made_network(name: str) -> nn.Module:
    """The network that `package.module:name` is or gives. Raises ArchflowError as `made` does, or for anything else."""
    network = made(name)
    if not isinstance(network, nn.Module):
        raise ArchflowError(f"{name}: gives a {type(network).__name__}, not a torch.nn.Module")
    return network


def call_of(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and named arguments of a network: inputs are a tuple, a mapping, or the only argument."""
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    return (tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)), {}
