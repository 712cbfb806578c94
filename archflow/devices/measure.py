"""The latency of a network on this machine's processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import torch
from torch import nn

from archflow.devices.here import pinned, processor
from archflow.devices.timing import Clock, Protocol, timed
from archflow.devices.user_code import call_of
from archflow.errors import ArchflowError
from archflow.named_objects import first_line

COLUMNS = {
    "latency_ms": "median time of one run in milliseconds",
    "latency_ms_low": "10 % quantile of the runs",
    "latency_ms_high": "90 % quantile of the runs",
    "runs": "runs of the two passes that agree",
    "passes": "passes until two agreed",
    "threads": "threads of the run, pinned to as many cores",
    "mode": "eager or compiled",
    "torch": "version of torch",
    "processor": "what the system calls the processor",
    "date": "day of the measurement",
}
"""What is kept of a measurement; the columns of a table."""


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
    clock: Clock = time.perf_counter,
) -> Latency:
    """Measure how long a network takes for one batch of inputs, in evaluation mode, without gradients.

    The network, its mode and the settings of torch are as before afterwards.

    Args:
        network: On the CPU.
        inputs: A tensor, a tuple of positional arguments, or a mapping of named ones.
        protocol: How to measure; the default one if None.
        clock: In seconds; tests give one of their own.

    Raises:
        ArchflowError: The network is not on the CPU or cannot be run with these inputs, there are fewer cores than
            threads, or no two passes agree.
    """
    protocol = protocol or Protocol()
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
            timing = timed(run, protocol, clock)
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
        raise ArchflowError(f"the network cannot be run with these inputs ({first_line(error)})") from None
