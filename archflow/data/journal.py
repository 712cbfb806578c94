"""A journal of finished items: JSON lines that are on the disk before the next item counts as done."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from archflow.errors import ArchflowError


class Journal:
    """Finished items of one configuration, `entries` in the order they were finished."""

    def __init__(self, file: IO[bytes], entries: list[dict[str, Any]]) -> None:
        self._file = file
        self.entries = entries

    def append(self, entry: Mapping[str, Any]) -> None:
        """On the disk when this returns. Raises ValueError for NaN and infinite values, which JSON cannot hold."""
        self.write(entry)
        self.entries.append(dict(entry))

    def write(self, entry: Mapping[str, Any]) -> None:
        """A line that is on the disk when this returns but is none of the items."""
        self._file.write(_line(entry))
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def open_journal(path: str | Path, configuration: Mapping[str, Any]) -> Iterator[Journal]:
    """Creates the journal or goes on with it.

    A last line that a kill tore is dropped. `configuration` must survive a trip through JSON unchanged.

    Raises:
        ArchflowError: the journal is of another configuration, damaged before its last line, or in use by another
            process.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise ArchflowError(
            f"{path}: the journal cannot be written ({error.strerror}): give a path in a writable folder"
        ) from error
    with file:
        try:
            # The system drops the lock when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArchflowError(f"{path}: another process is writing this journal: wait for it or stop it") from error
        header = {"configuration": dict(configuration)}
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        entries = [_entry(path, number, line) for number, line in enumerate(lines, start=1)]
        ours = entries[0] == header if entries else _line(header).startswith(content)
        if not ours:
            theirs = entries[0].get("configuration") if entries else None
            raise ArchflowError(
                f"{path}: journal of another job ({_difference(theirs, configuration)}): "
                "give the same settings to go on with it, or another output or delete it to start anew"
            )
        file.truncate(whole)
        journal = Journal(file, entries[1:])
        if not entries:
            journal.write(header)
        yield journal


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, allow_nan=False).encode() + b"\n"


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise ArchflowError(
            f"{path}: line {number} of the journal is damaged: remove that line to measure its item again"
        )
    return entry


def _difference(theirs: Any, ours: Mapping[str, Any]) -> str:
    if not isinstance(theirs, dict):
        return "it states none"
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
    return ", ".join(f"{key} is {theirs.get(key)} there, {ours.get(key)} here" for key in keys)
