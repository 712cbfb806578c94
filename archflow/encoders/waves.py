"""Numbers as sines and cosines: the NAR-Formers' codes of a node's operation, position and sources."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def waves(numbers: Tensor, count: int) -> Tensor:
    """(...,) whole numbers p -> (..., 2 count): sin and cos of pi p (1 + k / max(31, count - 1)), k = 0 .. count - 1.

    The NAR-Formers take `count` = 32 frequencies from pi to 2^31 pi in equal steps. At whole numbers these are
    equivalent to the frequencies above, up to whole periods. In single precision, as released, they are rounding errors
    of p 2^31 pi: practically random, and different between machines. Ours are exact.
    """
    step = 1 / max(31, count - 1)
    frequency = math.pi * (1 + step * torch.arange(count, dtype=torch.float64, device=numbers.device))
    angle = numbers[..., None] * frequency
    return torch.cat([angle.sin(), angle.cos()], -1).float()
