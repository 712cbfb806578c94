"""Progress of long work, and messages about it, on standard error, so that standard output stays clean for results.

Both belong to the logger `archflow`:

    logging.getLogger("archflow").setLevel(logging.WARNING)   # neither progress nor notes about it, only warnings
    logging.getLogger("archflow").setLevel(logging.DEBUG)     # also details

On a terminal and in a notebook progress is a bar; elsewhere, as in a log file, one line per minute and one at the end.
Messages go to standard error unless the program has handlers of its own (`logging.basicConfig`), which then get them.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from archflow.printable import printable

LOGGER = logging.getLogger("archflow")

Report = Callable[..., None]
"""Called with the number of steps done, and perhaps more."""

_inside: ContextVar[bool] = ContextVar("inside", default=False)
"""Whether progress is being shown already."""

EVERY = 60.0
"""Seconds between two lines of progress in a log."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C during long work; its text says how far the work was, and where finished steps are kept.

    Attributes:
        kept: The file or folder; empty if the work starts again.
    """

    def __init__(self, text: str, kept: str = "") -> None:
        super().__init__(f"{text}, kept in {kept}" if kept else text)
        self.kept = kept


class Progress(Protocol):
    """An object to which long-running work reports its progress."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move on by `steps`; `note` replaces the text at the end of the bar."""
        ...

    def reach(self, done: int, note: str = "") -> None:
        """Move to `done` steps, counted from the first; `note` as above."""
        ...


class _Bar:
    """A bar of rich."""

    def __init__(self, bar, task) -> None:
        self._bar, self._task = bar, task

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._bar.update(self._task, advance=steps, note=note)

    def reach(self, done: int, note: str = "") -> None:
        self._bar.update(self._task, completed=done, note=note)


class _Lines:
    """Lines in a log, at most one in `EVERY` seconds. The level of the logger decides whether they are shown."""

    def __init__(self, description: str, total: int, done: int) -> None:
        self._description, self._total, self._first, self._done = description, total, done, done
        self._begin = self._last = time.monotonic()
        self._logged, self._note = -1, ""

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.reach(self._done + steps, note)

    def reach(self, done: int, note: str = "") -> None:
        self._done, self._note = done, note
        if time.monotonic() >= self._last + EVERY:
            self._last = time.monotonic()
            self.say()

    def say(self) -> None:
        """Log how far the work is, how long it has taken, and how long the rest may take; each step once."""
        if self._logged == self._done:
            return
        self._logged = self._done
        elapsed = time.monotonic() - self._begin
        done, left = self._done - self._first, self._total - self._done
        rest = f", about {_clock(elapsed / done * left)} left" if done > 0 and left > 0 else ""
        note = f"; {self._note}" if self._note else ""
        LOGGER.info("%s: %s of %s in %s%s%s", self._description, self._done, self._total, _clock(elapsed), rest, note)


class _StandardError(logging.Handler):
    """Prints messages to what standard error is at the time, unless the program has configured logging."""

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            print(self.format(record), file=sys.stderr)


if LOGGER.level == logging.NOTSET:  # a level that the program has set before stays
    LOGGER.setLevel(logging.INFO)
LOGGER.addHandler(_StandardError())


@contextmanager
def progress_bar(description: str, total: int, done: int = 0, kept: str | Path = "") -> Iterator[Progress]:
    """Show a bar of steps; nothing is shown if the level of the logger `archflow` is above INFO.

    Args:
        description: Shown without markup, and with control characters escaped.
        total: Number of steps.
        done: Steps that are complete already, in a resumed job.
        kept: The file or folder that keeps finished steps, from which the same call resumes; empty if none does.

    Raises:
        Stopped: The user presses Ctrl-C.
    """
    console, text = _console(), printable(description)
    outside = _inside.set(True)
    try:
        yield from _shown(console, text, total, done, printable(str(kept)))
    finally:
        _inside.reset(outside)


def _shown(console, text: str, total: int, done: int, kept: str) -> Iterator[Progress]:
    """The bar or the lines of a log."""
    if LOGGER.isEnabledFor(logging.INFO) and (console.is_terminal or console.is_jupyter):
        with _rich(console, text, total) as bar:
            task = bar.add_task(text, total=total, completed=done, note="")
            with _saying_how_far(text, total, lambda: int(bar.tasks[0].completed), kept):
                yield _Bar(bar, task)
        return
    lines = _Lines(text, total, done)
    with _saying_how_far(text, total, lambda: lines._done, kept):
        yield lines
    lines.say()


@contextmanager
def _saying_how_far(text: str, total: int, done: Callable[[], int], kept: str) -> Iterator[None]:
    """Turn Ctrl-C into `Stopped`."""
    try:
        yield
    except KeyboardInterrupt as error:
        if isinstance(error, Stopped):
            raise
        raise Stopped(f"{text}: stopped after {done():,} of {total:,}", kept if done() else "") from None


@contextmanager
def notebook_bar(description: str, total: int, asked: Report | None) -> Iterator[Report | None]:
    """What to call with the number of steps done: what the caller has `asked` for, or a bar of one's own in a notebook.

    There is no bar inside another. Further arguments are the note, if it is a text.
    """
    if asked is None and total > 0 and not _inside.get() and _console().is_jupyter:
        with progress_bar(description, total) as bar:
            yield lambda done, note="": bar.reach(done, note if isinstance(note, str) else "")
    else:
        yield asked


def _console():
    """Standard error; what is a notebook without ipywidgets, in which rich draws nothing, counts as a log file."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_jupyter and find_spec("ipywidgets") is None:
        console.is_jupyter = False
    return console


def _rich(console, text: str, total: int):
    """A bar in one line: a long text or note is cut off, and the bar is shortened, so that the figures stay."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    described = min(len(text), console.width // 3)
    figures = len(f"{total}/{total} 0:00:00 -:--:--")
    noted = max(1, console.width - described - figures - len(" ━━━━  "))
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=described)),
        BarColumn(),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, max_width=noted)),
    )
    return RichProgress(*columns, console=console, transient=False)


def _clock(seconds: float) -> str:
    """A duration such as 1:05 or 2:00:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
