"""What networks run on: a name, a sentence that a user would write, and numbers where they are known."""

from __future__ import annotations

from dataclasses import dataclass, fields

from archflow.bounds import number, whole
from archflow.devices.words import numbers_in
from archflow.errors import ArchflowError
from archflow.printable import is_name, shown

LONGEST = 1000
"""Characters of a name or of the words."""


@dataclass(frozen=True)
class Device:
    """A device. A number that is not given is taken from the words where they say it, and is None otherwise.

    Attributes:
        name: What tables and the command line call it.
        words: A sentence, such as `Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads`; the name if there is none.
        cores: The cores of the processor, in all clusters together.
        clock_ghz: The highest clock in GHz.
        bandwidth_gb_s: Between memory and processor, in GB/s.
        peak_gflops: Operations a second at best, in 10^9, a multiplication and an addition being two.
        precision: The type of numbers, to which the peak applies: `fp32`, `fp16`, `int8`.
        gpu: Whether a GPU computes.
        threads: That a network runs on.

    Raises:
        ArchflowError: If a name or the words are not text, or a number is out of bounds.
    """

    name: str
    words: str = ""
    cores: int | None = None
    clock_ghz: float | None = None
    bandwidth_gb_s: float | None = None
    peak_gflops: float | None = None
    precision: str | None = None
    gpu: bool | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for text in (self.name, self.words or self.name):
            if not is_name(text) or not text.strip() or len(text) > LONGEST or not text.isprintable():
                raise ArchflowError(
                    f"device: {shown(text)} is no name or sentence; give one line of at most {LONGEST} characters"
                )
        object.__setattr__(self, "words", self.words or self.name)
        for what, said in numbers_in(self.words).items():
            if getattr(self, what) is None:
                object.__setattr__(self, what, said)
        for what, most in _MOST.items():
            if (value := getattr(self, what)) is not None:
                object.__setattr__(self, what, _checked(f"device {shown(self.name)}: {what}", value, most))

    @property
    def numbers(self) -> dict[str, float]:
        """The known numbers by name; a truth value is 0 or 1."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: float(value) for name, value in named.items() if isinstance(value, int | float)}


_MOST: dict[str, int | float] = {
    "cores": 1_000_000,
    "threads": 1_000_000,
    "clock_ghz": 100.0,
    "bandwidth_gb_s": 1e6,
    "peak_gflops": 1e9,
}
"""The greatest numbers that are accepted; an int for what is counted."""


def _checked(what: str, value: object, most: int | float) -> int | float:
    return whole(what, value, 1, most) if isinstance(most, int) else number(what, value, most=most, above=0)
