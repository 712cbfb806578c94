"""Randomness that a seed alone decides: the same seed gives the same numbers, wherever a run was interrupted."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seeded(*keys: int) -> Iterator[None]:
    """Torch's global generators follow from `keys` inside the block and are as before behind it.

    Keys such as (seed, epoch) let a resumed run draw what the undisturbed run would have drawn.
    """
    import numpy as np
    import torch

    seed = int(np.random.SeedSequence([key % 2**64 for key in keys]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
