"""Progress bars, on standard error, so that standard output stays clean for results."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from archflow.printable import printable


class Progress(Protocol):
    """An object to which long-running work reports its progress."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move on by `steps`; `note` replaces the text at the end of the bar."""
        ...

    def reach(self, done: int, note: str = "") -> None:
        """Move to `done` steps, counted from the first; `note` as above."""
        ...


class _Bar:
    def __init__(self, bar, task) -> None:
        self._bar, self._task = bar, task

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._bar.update(self._task, advance=steps, note=note)

    def reach(self, done: int, note: str = "") -> None:
        self._bar.update(self._task, completed=done, note=note)


@contextmanager
def progress_bar(description: str, total: int, done: int = 0) -> Iterator[Progress]:
    """Show a bar of `total` steps, of which `done` are complete already (a resumed job).

    The description is shown without markup, and with control characters escaped.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=False) as bar:
        yield _Bar(bar, bar.add_task(printable(description), total=total, completed=done, note=""))
