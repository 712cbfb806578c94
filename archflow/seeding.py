"""Randomness that a seed alone decides: the same seed gives the same numbers, wherever a run was interrupted.

The same numbers drawn are not the same sums: torch adds in another order with another number of threads, and float32
rounds. Results are equal bit by bit for an equal seed and an equal number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from archflow.bounds import whole

if TYPE_CHECKING:
    import torch

_drawing = threading.RLock()
"""Held while torch's global generators, of which a process has one set, follow from a seed."""


def _renew_lock() -> None:
    global _drawing
    _drawing = threading.RLock()


os.register_at_fork(after_in_child=_renew_lock)  # the thread that held it is not in the child

_STREAMS: ContextVar[Sequence[torch.Generator] | None] = ContextVar("streams", default=None)


@contextmanager
def seeded(*keys: int) -> Iterator[None]:
    """Torch's global generators follow from `keys` inside the block and are as before behind it.

    Keys such as (seed, epoch) let a resumed run draw what the undisturbed run would have drawn. Of several threads one
    at a time is in such a block, so that none draws from another's seed.

    Raises:
        ArchflowError: If a key is no whole number.
    """
    with torchs_own(_seed(keys)):
        yield


@contextmanager
def torchs_own(seed: int) -> Iterator[None]:
    """As `seeded`, with a seed that torch itself takes: for weights that `torch.manual_seed` once decided."""
    import torch

    with _drawing, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def member_streams(keys: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Iterator[None]:
    """Inside the block every ensemble member has a generator of its own, so that its draws do not depend on the others.

    A member alone draws what it draws in company. Whatever does not ask for `generators` draws as in
    `seeded(*keys[0])`.

    Args:
        keys: What seeds each of the K members, such as (seed, epoch).
        device: Where the members draw.
    """
    import torch

    token = _STREAMS.set([torch.Generator(device).manual_seed(_seed(each)) for each in keys])
    try:
        with seeded(*keys[0]):
            yield
    finally:
        _STREAMS.reset(token)


def generators(members: int) -> Sequence[torch.Generator | None]:
    """The generator of each of K members: that of `member_streams`, or None, torch's global one, outside of it.

    Raises:
        ValueError: If the block has streams for another number of members.
    """
    streams = _STREAMS.get()
    if streams is None:
        return [None] * members
    if len(streams) != members:
        raise ValueError(f"random draws of {members} members where there are streams for {len(streams)}")
    return streams


def _seed(keys: Sequence[int]) -> int:
    import numpy as np

    state = np.random.SeedSequence([whole("seed", key) % 2**64 for key in keys]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
