"""Several encoders (or heads) of one shape as one module, so that they train and run together.

On small graphs, one model's matrices are too small to use a processor well; K models in one product do. The parameters
of a stackable module have a leading member axis, so stacking is concatenation.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

from archflow.errors import ArchflowError

Module = TypeVar("Module", bound=nn.Module)


def stack(modules: Sequence[Module]) -> Module:
    """Stack modules into one with all their members. Raises ArchflowError if their parameters differ in shape."""
    stacked = copy.deepcopy(modules[0])
    members = [module.state_dict() for module in modules]
    shapes = [{name: value.shape for name, value in state.items()} for state in members]
    if any(shape != shapes[0] for shape in shapes):
        raise ArchflowError("stack: the members have different shapes; build them with the same settings")
    _replace(stacked, {name: torch.cat([state[name] for state in members]) for name in members[0]})
    return stacked


def unstack(module: Module) -> list[Module]:
    """The members of a stacked module, each as its own module."""
    state = module.state_dict()
    count = len(next(iter(state.values())))
    members = []
    for k in range(count):
        member = copy.deepcopy(module)
        _replace(member, {name: value[k : k + 1].clone() for name, value in state.items()})
        members.append(member)
    return members


def _replace(module: nn.Module, state: dict[str, torch.Tensor]) -> None:
    for name, value in state.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        setattr(part, leaf, nn.Parameter(value) if leaf in part._parameters else value)
