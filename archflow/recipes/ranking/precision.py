"""The precision of a ranking's matrix products: float32, or bfloat16 where it is faster and ranks alike.

In bfloat16 the two factors of a product are rounded to 8 bits; sums and everything else stay in float32. Products are
the part that processors with bfloat16 units compute several times faster, and rounding all states of an encoder as well
was measured to gain nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.metrics import kendall_tau, precision_at

Precision = Literal["float32", "bfloat16"]
Asked = Literal["float32", "auto", "bfloat16"]

Values = NDArray[np.float64]

Score = Callable[[Precision], Values]
"""Scores (N,) of the same candidates in a precision, higher is better."""

LONG = 100_000
"""With fewer candidates than this, `auto` is float32: the comparison would take longer than it could save."""

FEWEST = 1_000
"""The smallest number of candidates on which two rankings are compared."""

TAU, SHARED = 0.999, 0.99
"""The tolerance: the lowest Kendall tau with the ranking in float32, and the smallest fraction of its best tenth that
is among the best tenth."""

FASTER = 1.1
"""How many times as fast `auto` wants bfloat16, or compiled code, to be; a smaller difference may be noise."""

PASSES = 3
"""How often each precision is timed; the fastest pass counts."""


@dataclass(frozen=True)
class Agreement:
    """Two rankings of the same candidates, the usual one and one that is computed faster.

    Attributes:
        tau: Their Kendall tau.
        shared: The fraction of the best tenth of the first that is among the best tenth of the second.
        candidates: The number of candidates.
    """

    tau: float
    shared: float
    candidates: int

    @classmethod
    def of(cls, exact: Values, other: Values) -> Agreement:
        """Compare two scorings (N,), N > 1."""
        if np.array_equal(exact, other):  # also if all are equal, where tau is not defined
            return cls(1.0, 1.0, len(exact))
        ranks = [np.unique(values, return_inverse=True)[1] for values in (other, exact)]  # of -inf too
        return cls(kendall_tau(*ranks), precision_at(0.1, *ranks), len(exact))

    @property
    def within_tolerance(self) -> bool:
        """Whether the second ranks as the first does, up to the tolerance."""
        return self.tau >= TAU and self.shared >= SHARED

    def __str__(self) -> str:
        return (
            f"on {self.candidates:,} candidates the two rankings have a Kendall tau of {self.tau:.5f} and share "
            f"{100 * self.shared:.1f} % of the best tenth"
        )


@dataclass(frozen=True)
class Comparison:
    """The rankings of the same candidates in bfloat16 and float32.

    Attributes:
        agreement: How alike they are.
        faster: How many times as fast bfloat16 was.
    """

    agreement: Agreement
    faster: float

    def __str__(self) -> str:
        return f"{self.faster:.2f} times as fast as float32; {self.agreement}"


def asked(precision: str) -> Asked:
    """The precision that a user asks for. Raises ArchflowError for an unknown one."""
    for known in get_args(Asked):
        if precision == known:
            return known
    raise ArchflowError(f"precision {precision!r}: give one of {', '.join(get_args(Asked))}")


@contextmanager
def products_in(precision: Precision) -> Iterator[None]:
    """Compute matrix products of float32 tensors in this precision inside the block."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if precision == "bfloat16" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def check_processor(precision: Precision, device: str) -> None:
    """Raise ArchflowError if the device would compute in float32 what should be in bfloat16."""
    import torch

    ones = torch.full((64, 64), 1 + 2**-12, device=device)  # ones once they are rounded
    with products_in(precision):
        if precision == "bfloat16" and float((ones @ ones)[0, 0]) != 64:
            raise ArchflowError("precision bfloat16: this machine has no matrix products in bfloat16")


def has_bfloat16(device: str = "cpu") -> bool:
    """Whether the device computes matrix products in bfloat16."""
    try:
        check_processor("bfloat16", device)
    except ArchflowError:
        return False
    return True


def choose(precision: Asked, count: int, score: Score, device: str) -> tuple[Precision, str | None]:
    """The precision to rank in, and a line for the user.

    Args:
        precision: What the user asks for.
        count: The number of candidates.
        score: Scores some of them.
        device: Where it does.

    Raises:
        ArchflowError: If bfloat16 is asked for, and is not supported, cannot be compared or is outside the tolerance.
    """
    if precision == "float32" or (precision == "auto" and count < LONG):
        return "float32", None
    try:
        check_processor("bfloat16", device)
    except ArchflowError as error:
        if precision == "bfloat16":
            raise
        return "float32", f"precision float32: {error}"
    if count < FEWEST:
        raise ArchflowError(f"precision bfloat16: rankings are compared on at least {FEWEST:,} candidates; use float32")
    found = compared(score)
    alike = found.agreement.within_tolerance
    if precision == "bfloat16" and not alike:
        raise ArchflowError(
            f"precision bfloat16: {found}; wanted are at least {TAU:g} and {100 * SHARED:g} %; use float32"
        )
    taken = alike and (precision == "bfloat16" or found.faster >= FASTER)
    return ("bfloat16" if taken else "float32"), f"precision {'bfloat16' if taken else 'float32'}: bfloat16 is {found}"


def compared(score: Score) -> Comparison:
    """Compare both precisions, by processor time, which other work on the machine disturbs less than the clock."""
    scores: dict[str, Values] = {}
    seconds: dict[str, list[float]] = {name: [] for name in get_args(Precision)}
    for _ in range(PASSES):  # in turn, so that what disturbs one disturbs both
        for name in get_args(Precision):
            began = time.process_time()
            scores[name] = score(name)
            seconds[name].append(time.process_time() - began)
    exact, rounded = (scores[name] for name in get_args(Precision))
    exact_s, rounded_s = (min(seconds[name]) for name in get_args(Precision))
    return Comparison(Agreement.of(exact, rounded), exact_s / max(rounded_s, 1e-9))
