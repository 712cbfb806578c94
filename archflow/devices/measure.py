"""The latency of a network on this machine's processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import torch
from torch import nn

from archflow.devices.here import pinned, processor, undisturbed
from archflow.devices.timing import Clock, Protocol, timed
from archflow.devices.user_code import call_of
from archflow.devices.yardstick import Yardstick
from archflow.errors import ArchflowError
from archflow.named_objects import first_line

COLUMNS = {
    "latency_ms": "median time of one run in milliseconds",
    "latency_ms_low": "10 % quantile of the runs",
    "latency_ms_high": "90 % quantile of the runs",
    "runs": "undisturbed runs of the two passes that agree",
    "passes": "passes until two agreed",
    "threads": "threads of the run, pinned to as many cores",
    "mode": "eager or compiled",
    "torch": "version of torch",
    "processor": "what the system calls the processor",
    "date": "day of the measurement",
}
"""What is kept of a measurement; the columns of a table."""

LOOKS = 20
"""At the cores before the first pass, so that the yardstick knows what an undisturbed one is."""

_NO_COMPILER = "InvalidCxxCompiler"
"""The error of `torch.compile` where there is no compiler; torch wraps it in others."""


@dataclass(frozen=True)
class Latency:
    """A measured latency and how it was measured; see `COLUMNS`."""

    latency_ms: float
    latency_ms_low: float
    latency_ms_high: float
    runs: int
    passes: int
    threads: int
    mode: str
    torch: str
    processor: str
    date: str


def latency(
    network: nn.Module,
    inputs: Any,
    protocol: Protocol | None = None,
    *,
    yardstick: Yardstick | None = None,
    clock: Clock = time.perf_counter,
) -> Latency:
    """Measure how long a network takes for one batch of inputs, in evaluation mode, without gradients.

    Runs count while a yardstick says that nothing disturbs the cores, and where the system allows it they precede
    other processes. The network, its mode and the settings of torch are as before afterwards.

    Args:
        network: On the CPU.
        inputs: A tensor, a tuple of positional arguments, or a mapping of named ones.
        protocol: How to measure; the default one if None.
        yardstick: What says whether the cores are disturbed; of several networks the same, as it learns how fast an
            undisturbed core is. A new one if None.
        clock: In seconds; tests give one of their own.

    Raises:
        ArchflowError: If the network is not on the CPU or cannot be run with these inputs, there are fewer cores than
            threads, torch finds no compiler, the machine is disturbed throughout, or no two passes agree.
    """
    protocol = protocol or Protocol()
    yardstick = yardstick or Yardstick(clock=clock)
    elsewhere = {str(each.device) for each in (*network.parameters(), *network.buffers()) if each.device.type != "cpu"}
    if elsewhere:
        raise ArchflowError(f"the network is on {sorted(elsewhere)[0]}; move it to the CPU, where it is measured")
    call = _call(network, inputs)
    training = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with pinned(protocol.threads), torch.inference_mode():
            run = _compiled(call) if protocol.compiled else call
            _try(run)
            disturbed = yardstick.disturbed if protocol.threads == 1 else yardstick.disturbed_anywhere
            for _ in range(LOOKS):
                disturbed()
            with undisturbed():
                timing = timed(run, protocol, clock, disturbed)
    finally:
        for module, mode in training:
            module.training = mode
    return Latency(
        **{"latency_ms": timing.median, "latency_ms_low": timing.low, "latency_ms_high": timing.high},
        **{"runs": timing.runs, "passes": timing.passes, "threads": protocol.threads, "mode": protocol.mode},
        **{"torch": torch.__version__, "processor": processor(), "date": datetime.now(UTC).date().isoformat()},
    )


def _call(network: nn.Module, inputs: Any) -> Callable[[], object]:
    positional, named = call_of(inputs)
    return lambda: network(*positional, **named)


def _compiled(call: Callable[[], object]) -> Callable[[], object]:
    torch.compiler.reset()  # what was compiled for another network would count as a variant of this one
    return torch.compile(call)


def _try(run: Callable[[], object]) -> None:
    try:
        run()
    except Exception as error:  # whatever the user's network raises
        if _NO_COMPILER in f"{type(error).__name__}: {error}":
            raise ArchflowError(
                "torch.compile finds no C++ compiler; install one (such as g++), name it in CXX, or measure without "
                "--compile"
            ) from None
        raise ArchflowError(f"the network cannot be run with these inputs ({first_line(error)})") from None
