"""Measurement of the networks of `cpu_latency` on this machine, eager and compiled."""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archflow.data.journal import Journal, open_journal
from archflow.devices.generated.family import Family
from archflow.devices.here import processor
from archflow.progress import Progress
from archflow_reproduce.latency.passes import RULES, SESSIONS, Passes, Setting

EAGER = Setting(1, "eager"), Setting(2, "eager")
COMPILED = (Setting(1, "compiled"),)
"""Compiled code is that of one number of threads: torch compiles again for another."""

_PAUSE = 0.03
"""Seconds between checks for an undisturbed core."""

_LATER = 8
"""The fewest other networks measured between two passes over one that runs on several threads."""

_PATIENCE = 5.0
"""Seconds to wait for undisturbed cores when a compilation could run instead."""

_CACHE = "TORCHINDUCTOR_CACHE_DIR"
"""The environment variable with the folder of compiled code."""

_KEPT = 4
"""The number of compiled networks kept for later passes, so that these are minutes apart."""


def measure_eager(specs: Sequence[Family], folder: Path, progress: Progress) -> None:
    """Measure networks in eager mode whenever enough cores are undisturbed. The same call resumes.

    With each number of threads, every network gets a pass before any gets its next one.

    Args:
        specs: The networks.
        folder: The folder of the journal.
        progress: Advanced when a network needs no further pass in a setting and session.
    """
    with _journal(folder, "eager", specs) as journal:
        passes = Passes(journal)
        queues = {setting: _queue(passes, setting, len(specs)) for setting in EAGER}
        total = len(EAGER) * len(SESSIONS) * len(specs)
        while any(queues.values()):
            quiet = passes.quiet_cores()
            able = (each for each in reversed(EAGER) if each.threads <= len(quiet) and queues[each])
            setting = next(able, None)
            if setting is None:
                time.sleep(_PAUSE)
                continue
            session, row = queues[setting].popleft()
            network, inputs = specs[row].build(row)
            passes.add(row, setting, session, _call(network, inputs), quiet[0])
            if passes.due(row, [setting], session):
                of_session = sum(1 for each, _ in queues[setting] if each == session)
                # Several cores are rarely undisturbed at once, so a network is finished while they are.
                queues[setting].insert(min(_LATER, of_session) if setting.threads > 1 else of_session, (session, row))
            left = (f"{len(queue)} with {each.threads}" for each, queue in queues.items())
            progress.reach(total - sum(map(len, queues.values())), f"left: {', '.join(left)}")


def _queue(passes: Passes, setting: Setting, rows: int) -> deque[tuple[int, int]]:
    """Sessions and rows that need passes; the second session begins when the first one is over."""
    pairs = ((session, row) for session in SESSIONS for row in range(rows))
    return deque(pair for pair in pairs if passes.due(pair[1], [setting], pair[0]))


def compile_ahead(specs: Sequence[Family], count: int, folder: Path, progress: Progress) -> None:
    """Fill the compiler's cache in the folder; unlike a measurement, this may run beside other work.

    Args:
        specs: The networks.
        count: The number of networks to compile, the first ones.
        folder: The folder of the cache, from which `measure_compiled` loads compiled code in about a second.
        progress: Advanced once per network.
    """
    with _compiler(folder):
        for row, spec in enumerate(specs[:count]):
            _compile(spec, row)
            torch.compiler.reset()
            progress.advance(note=spec.family)


def measure_compiled(specs: Sequence[Family], count: int, folder: Path, progress: Progress) -> None:
    """Compile networks one after the other, and measure each several times while the next ones are compiled.

    The same call resumes. It may be stopped at any time, since the first networks of a random draw are a random draw
    themselves.

    Args:
        specs: The networks.
        count: The number of networks to compile, the first ones.
        folder: The folder of the journal.
        progress: Advanced once per network.
    """
    with _journal(folder, "compiled", specs) as journal, _compiler(folder):
        passes = Passes(journal)
        kept: deque[tuple[int, Callable[[], object]]] = deque()
        for row, spec in enumerate(specs[:count]):
            if _session_due(passes, row) is not None:
                kept.append((row, _compile(spec, row)))
                _measure_kept(passes, kept)
            progress.advance(note=spec.family)
        while kept:
            _measure_kept(passes, kept)


def _compile(spec: Family, row: int) -> Callable[[], object]:
    network, inputs = spec.build(row)
    call = _call(torch.compile(network), inputs)
    with torch.inference_mode():
        call()
    return call


def _measure_kept(passes: Passes, kept: deque[tuple[int, Callable[[], object]]]) -> None:
    """Make one pass over each kept network; drop those that are done or have been kept for too long."""
    for row, call in list(kept):
        session = _session_due(passes, row)
        if session is None:
            kept.remove((row, call))
            continue
        for setting in passes.due(row, COMPILED, session):
            end = time.monotonic() + _PATIENCE
            while len(quiet := passes.quiet_cores()) < setting.threads and time.monotonic() < end:
                time.sleep(_PAUSE)
            if len(quiet) >= setting.threads:
                passes.add(row, setting, session, call, quiet[0])
    while len(kept) > _KEPT + 1:
        kept.popleft()
    gc.collect()  # the compiled code is freed with its network


def _session_due(passes: Passes, row: int) -> int | None:
    return next((session for session in SESSIONS if passes.due(row, COMPILED, session)), None)


@contextmanager
def _compiler(folder: Path):
    """Compile code with one thread, whatever the environment says, and keep it in the folder.

    A network that would silently run uncompiled is an error.
    """
    import torch._dynamo.config
    import torch._inductor.config

    before, threads = os.environ.get(_CACHE), torch.get_num_threads()
    torch.set_num_threads(1)
    os.environ[_CACHE] = str((folder / "compiled").resolve())
    try:
        with (
            # Otherwise code for a second network of the same class would be for any sizes.
            torch._dynamo.config.patch(automatic_dynamic_shapes=False),
            torch._dynamo.config.patch(recompile_limit=256, fail_on_recompile_limit_hit=True),
            torch._inductor.config.patch({"cpp.dynamic_threads": True}),
        ):
            yield
    finally:
        torch.set_num_threads(threads)
        if before is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = before


def _call(network: nn.Module | Callable[..., Any], inputs: Sequence[Any]) -> Callable[[], object]:
    return lambda: network(*inputs)


def _journal(folder: Path, mode: str, specs: Sequence[Family]):
    settings: dict[str, Any] = {"mode": mode, "networks": [spec.native for spec in specs], **asdict(RULES)}
    machine = {"processor": processor(), "torch": torch.__version__}
    return open_journal(journal_path(folder, mode), {**settings, **machine})


def journal_path(folder: Path, mode: str) -> Path:
    """The path of the journal of one mode."""
    return folder / f"{mode}.journal.jsonl"


def passes_of(folder: Path, mode: str, specs: Sequence[Family]) -> Passes:
    """Read the passes made so far. Raises ArchflowError if the journal is for other networks or settings."""
    with _journal(folder, mode, specs) as journal:
        return Passes(Journal(journal.entries, journal.damaged, journal._file, journal._last))
