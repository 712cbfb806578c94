"""Randomness that a seed alone decides: the same seed gives the same numbers, wherever a run was interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_STREAMS: ContextVar[Sequence[torch.Generator] | None] = ContextVar("streams", default=None)


@contextmanager
def seeded(*keys: int) -> Iterator[None]:
    """Torch's global generators follow from `keys` inside the block and are as before behind it.

    Keys such as (seed, epoch) let a resumed run draw what the undisturbed run would have drawn.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(_seed(keys))
        yield


@contextmanager
def member_streams(keys: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Iterator[None]:
    """Inside the block every ensemble member has a generator of its own, so that its draws do not depend on the others.

    A member alone draws what it draws in company. Whatever does not ask for `generators` draws as in
    `seeded(*keys[0])`.

    Args:
        keys: Of each of the K members, such as (seed, epoch).
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
        ValueError: The block has streams for another number of members.
    """
    streams = _STREAMS.get()
    if streams is None:
        return [None] * members
    if len(streams) != members:
        raise ValueError(f"random draws of {members} members where there are streams for {len(streams)}")
    return streams


def _seed(keys: Sequence[int]) -> int:
    import numpy as np

    state = np.random.SeedSequence([key % 2**64 for key in keys]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
