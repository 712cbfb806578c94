"""Runs surfaces in processes of their own, with a limit on time and memory for every input."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 10
"""That one input may take."""

PREPARATION = 300
"""Seconds that may pass before the first input: archflow is imported, and something is trained."""

MEMORY = 2 << 30
"""Bytes that inputs may add to what the process holds after its preparation."""


@dataclass
class Outcome:
    """What became of a surface's inputs: their number, how many were refused, and the faults by what they are."""

    inputs: int = 0
    refused: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, fault: str | None, refused: bool) -> None:
        """Count an input."""
        self.inputs += 1
        self.refused += refused
        if fault is not None:
            self.faults.setdefault(fault, []).append(number)


def run_surface(
    name: str, numbers: Sequence[int], seed: int, on_input: Callable[[int], object] = lambda count: None
) -> Outcome:
    """Give a surface the inputs of these numbers. An input that stops or kills its process is a fault too."""
    outcome, left = Outcome(), list(numbers)
    context = multiprocessing.get_context("spawn")
    while left:
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(name, left, seed, theirs))
        process.start()
        theirs.close()
        try:
            if not ours.poll(PREPARATION):
                raise EOFError
            ours.recv()
        except EOFError:
            raise RuntimeError(f"{name}: the surface cannot be prepared (exit code {process.exitcode})") from None
        try:
            # The process keeps the limit itself, unless it hangs outside of Python.
            while left and ours.poll(2 * SECONDS):
                fault, refused = ours.recv()
                outcome.add(left.pop(0), fault, refused)
                on_input(1)
        except EOFError:
            pass
        if left:
            outcome.add(left.pop(0), f"the process stopped or hung (exit code {process.exitcode})", False)
            on_input(1)
        process.kill()
        process.join()
    return outcome


def _work(name: str, numbers: Sequence[int], seed: int, results: Any) -> None:
    import torch

    from tests.fuzz import SURFACES

    torch.set_num_threads(1)
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _too_long)
    with tempfile.TemporaryDirectory() as folder:
        attempt = SURFACES[name](Path(folder))
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, resource.RLIM_INFINITY))
        results.send("ready")
        for number in numbers:
            results.send(one_input(attempt, np.random.default_rng([seed, zlib.crc32(name.encode()), number])))


def _too_long(*_: object) -> None:
    raise TimeoutError(f"took more than {SECONDS} s")


def one_input(attempt: Callable[[np.random.Generator], object], random: np.random.Generator) -> tuple[str | None, bool]:
    """The fault of one input, if it is one, and whether it was refused."""
    from archflow.errors import ArchflowError

    signal.alarm(SECONDS)
    try:
        attempt(random)
    except ArchflowError as error:
        text = str(error)
        return ("a message of no or several lines" if "\n" in text or not text.strip() else None), True
    except Exception as error:
        place = next(
            (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "/archflow" in f.filename), None
        )
        where = f"{Path(place.filename).name}:{place.lineno}" if place else "the test itself"
        words = str(error).splitlines()[0][:160] if str(error) else ""
        return (
            f"{type(error).__name__} in {where}: {words}" if place is None else f"{type(error).__name__} in {where}",
            False,
        )
    finally:
        signal.alarm(0)
    return None, False


def report(outcomes: dict[str, Outcome], seed: int, began: float) -> str:
    """A line per surface, and one per kind of fault with the input that shows it."""
    lines = [f"{'surface':<22}{'inputs':>9}{'refused':>9}{'faults':>9}"]
    for name, outcome in outcomes.items():
        faults = sum(map(len, outcome.faults.values()))
        lines.append(f"{name:<22}{outcome.inputs:>9,}{outcome.refused:>9,}{faults:>9,}")
    total = sum(outcome.inputs for outcome in outcomes.values())
    lines.append(f"{total:,} inputs with seed {seed} in {time.monotonic() - began:.0f} s")
    for name, outcome in outcomes.items():
        for fault, numbers in outcome.faults.items():
            again = f"python -m tests.fuzz --seed {seed} --only {name} --input {numbers[0]}"
            lines.append(f"FAULT {name}: {fault} ({len(numbers)} inputs; {again})")
    return "\n".join(lines)
