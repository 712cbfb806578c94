"""What a command is going to write, checked before the work: no result is lost, and no file of the user's.

The rule of all commands: a file that exists is replaced only if it is of the kind that the command writes, and never if
the command reads it; otherwise the user has to ask for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import check_writable, is_stream

STDOUT = "-"
"""The path that stands for standard output, which needs no check."""


def never(path: Path) -> bool:
    """For `Output.own`: no file is known to be one of the command's."""
    return False


@dataclass(frozen=True)
class Output:
    """A file that a command is going to write.

    Attributes:
        role: What the user knows it by: the option, or what it is.
        path: Where it goes.
        what: What it is, for a message about its ending.
        endings: Those that it may have; any if empty. The ending says the format: where there is one format only, a
            device or a pipe needs none.
        own: Whether a file that exists is of the kind that the command writes, by its content.
    """

    role: str
    path: Path
    what: str = "it"
    endings: Sequence[str] = ()
    own: Callable[[Path], bool] = never


def check_outputs(*outputs: Output, inputs: Mapping[str, str | Path] | None = None, force: bool = False) -> None:
    """Check everything that a command is going to write.

    Args:
        outputs: All of it.
        inputs: Files that the command reads, by role; names that are no file's do no harm.
        force: Whether the user wants files replaced whatever they are.

    Raises:
        ArchflowError: If a path cannot be written to or has another ending, two of them are the same file, or a file
            would be lost that the user did not say to replace.
    """
    outputs = tuple(output for output in outputs if str(output.path) != STDOUT)
    for output in outputs:
        _check_path(output)
    for first, second in combinations(outputs, 2):
        if same_file(first.path, second.path):
            raise ArchflowError(f"{first.role} and {second.role} are the same file, {second.path}; give another path")
    if force:
        return
    for output in outputs:
        for role, path in (inputs or {}).items():
            if same_file(output.path, path):
                raise ArchflowError(
                    f"{output.role} {output.path}: is what {role} reads; give another path, or --force to replace it"
                )
        if os.path.lexists(output.path) and not is_stream(output.path) and not output.own(output.path):
            raise ArchflowError(
                f"{output.role} {output.path}: exists, and is not what this command writes; give another path, or "
                "--force to replace it"
            )


def same_file(first: str | Path, second: str | Path) -> bool:
    """Whether two paths lead to the same file, which need not exist."""
    try:
        return os.path.realpath(first) == os.path.realpath(second) or os.path.samefile(first, second)
    except (OSError, ValueError):  # one does not exist, or cannot
        return False


def _check_path(output: Output) -> None:
    try:
        check_writable(output.path)
    except ArchflowError as error:
        raise ArchflowError(f"{output.role} {error}") from None
    fixed = len(output.endings) == 1 and is_stream(output.path)
    if output.endings and output.path.suffix not in output.endings and not fixed:
        endings = ", ".join(output.endings)
        raise ArchflowError(f"{output.role} {output.path}: {output.what} is written as {endings}; give such an ending")
