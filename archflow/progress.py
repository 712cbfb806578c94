"""Progress bars, on standard error, so that standard output stays clean for results."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What long work reports to."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move on by `steps`; `note` replaces the text at the end of the bar."""
        ...


class _Bar:
    def __init__(self, bar, task) -> None:
        self._bar, self._task = bar, task

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._bar.update(self._task, advance=steps, note=note)


@contextmanager
def progress_bar(description: str, total: int, done: int = 0) -> Iterator[Progress]:
    """Show a bar of `total` steps, of which `done` are behind us (a resumed job)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=False) as bar:
        yield _Bar(bar, bar.add_task(description, total=total, completed=done, note=""))


def cumulative(advance: Callable[..., None]) -> Callable[..., None]:
    """Turn a function that takes how many more steps are done into one that takes how many are done so far.

    Args:
        advance: As `Progress.advance`; whatever follows the steps is passed on.
    """
    done = 0

    def reach(steps: int, *rest: object) -> None:
        nonlocal done
        advance(steps - done, *rest)
        done = steps

    return reach
