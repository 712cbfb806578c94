"""Encoders and models whose operations torch fuses into generated code, where a caller asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.named_objects import first_line

Encode = Callable[[Batch], Tensor]
"""An encoder's `embed`, or a model."""


def _plainly(encode: Encode, batch: Batch) -> Tensor:
    return encode(batch)


_applied: ContextVar[Callable[[Encode, Batch], Tensor]] = ContextVar("applied", default=_plainly)


def applied(encode: Encode, batch: Batch) -> Tensor:
    """Encode or score a batch, in compiled code inside a block of `compiled`."""
    return _applied.get()(encode, batch)


@contextmanager
def compiled(wanted: bool = True) -> Iterator[None]:
    """Use compiled code inside the block, if it is wanted. Code is generated at first use, which takes seconds.

    The parts of a batch that NumPy gathers are not compiled. Results may differ in the last bits.

    Raises:
        ArchflowError: If there is no C++ compiler, or torch cannot compile an encoder, such as FlowerFormer.
    """
    if not wanted:
        yield
        return
    check_compiler()
    token = _applied.set(_fused())
    try:
        yield
    finally:
        _applied.reset(token)


def check_compiler() -> None:
    """Raise ArchflowError if there is no C++ compiler."""
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        raise ArchflowError("compiled code needs a C++ compiler; install g++, or name one in CXX")


@cache
def _fused() -> Any:
    import torch

    fused = torch.compile(_plainly, dynamic=True)

    def run(encode: Encode, batch: Batch) -> Tensor:
        try:
            return fused(encode, batch)
        except Exception as error:  # whatever torch raises where it cannot compile
            raise ArchflowError(f"torch cannot compile this encoder ({first_line(error)}); use it as it is") from error

    return run
