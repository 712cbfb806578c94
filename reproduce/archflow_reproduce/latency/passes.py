"""Passes over many networks in turn: their rules, medians and journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from archflow.bounds import Bounded, bounded
from archflow.data.journal import Journal
from archflow.devices.here import cores, pinned, undisturbed
from archflow.devices.yardstick import Yardstick, quiet_runs


@dataclass(frozen=True)
class Rules(Bounded):
    """The rules of passes.

    Attributes:
        warm_up: Warm-up runs before every pass, which are not counted.
        runs: Undisturbed runs in a pass.
        least: A pass with fewer undisturbed runs is discarded.
        seconds: The maximum time that a pass waits for them.
        slower: The slowdown of the yardstick beyond which a core counts as disturbed.
        agree: The maximum relative difference between the two fastest passes.
        passes: The maximum number of passes per network, setting and session.
    """

    warm_up: int = bounded(1, least=0)
    runs: int = bounded(5, least=1)
    least: int = bounded(3, least=1)
    seconds: float = bounded(0.8, above=0.0)
    slower: float = bounded(0.4, above=0.0)
    agree: float = bounded(0.1, above=0.0)
    passes: int = bounded(8, least=2)


RULES = Rules()

_FIRST_LOOKS = 100
"""Checks of the cores before the first pass; they define an undisturbed core."""

SESSIONS = MEASURING, CHECK = (1, 2)
"""The first session makes passes until two agree, the second one more pass over every network."""


class Setting(NamedTuple):
    """The mode and number of threads with which a network runs."""

    threads: int
    mode: str

    @property
    def column(self) -> str:
        """The column of the data set with its latencies in milliseconds."""
        return f"latency_ms_{self.threads}_{self.mode}"


@dataclass
class Passes:
    """The passes of a job by network, setting and session: their medians in milliseconds.

    Attributes:
        journal: The journal that records them.
    """

    journal: Journal

    def __post_init__(self) -> None:
        self._yardstick = Yardstick(RULES.slower)
        for _ in range(_FIRST_LOOKS):
            self.quiet_cores()
            time.sleep(0.01)
        self._medians: dict[tuple[int, Setting, int], list[float]] = {}
        for entry in self.journal.entries:
            self._keep(entry)

    def _keep(self, entry: Mapping[str, Any]) -> None:
        setting = Setting(entry["threads"], entry["mode"])
        self._medians.setdefault((entry["row"], setting, entry["session"]), []).append(entry["ms"])

    def add(self, row: int, setting: Setting, session: int, call: Callable[[], object], core: int = 0) -> None:
        """Make one pass over a network on the cores from the given one on; record it if it is valid."""
        with torch.inference_mode(), pinned(setting.threads, core):
            for _ in range(RULES.warm_up):
                call()
            with undisturbed():
                disturbed = self._yardstick.disturbed if setting.threads == 1 else self._yardstick.disturbed_anywhere
                runs = 1e3 * quiet_runs(call, disturbed, RULES.runs, RULES.seconds)
        if len(runs) < RULES.least:
            return
        low, median, high = np.quantile(runs, [0.1, 0.5, 0.9]).tolist()
        named = {"row": row, "threads": setting.threads, "mode": setting.mode, "session": session}
        entry = {**named, "ms": median, "low": low, "high": high, "runs": len(runs)}
        self.journal.append(entry)
        self._keep(entry)

    def quiet_cores(self) -> list[int]:
        """The numbers of the cores that are undisturbed now."""
        found = []
        for core in range(cores()):
            with pinned(1, core), undisturbed():
                if not self._yardstick.disturbed():
                    found.append(core)
        return found

    def made(self, row: int, setting: Setting, session: int) -> Sequence[float]:
        """The medians of the valid passes, in chronological order."""
        return self._medians.get((row, setting, session), ())

    def due(self, row: int, settings: Iterable[Setting], session: int) -> list[Setting]:
        """The settings in which a network needs another pass."""
        return [setting for setting in settings if not self._is_done(self.made(row, setting, session), session)]

    def _is_done(self, medians: Sequence[float], session: int) -> bool:
        if session == CHECK:
            return bool(medians)
        return latency_of(medians) is not None or len(medians) >= RULES.passes


def latency_of(medians: Sequence[float]) -> float | None:
    """The fastest pass; None if no other one agrees with it. Other processes can only slow a pass down."""
    fastest = sorted(medians)[:2]
    if len(fastest) < 2 or fastest[1] > (1 + RULES.agree) * fastest[0]:
        return None
    return fastest[0]
