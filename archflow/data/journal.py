"""A journal of finished items: JSON lines, each on disk before its item counts as done.

Every line holds a digest of itself and of the previous digest, so that no line can be changed, dropped from the middle,
swapped or copied without notice. Lines are only ever added: a line that does not match its digest stays where it is but
is ignored, and its item is measured again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from archflow.errors import ArchflowError
from archflow.files import parse_json, reason, regular_file
from archflow.sealed import digest_of, seal, unseal


@dataclass
class Finished:
    """Finished items of one configuration.

    Attributes:
        entries: Entries in the order in which they were finished.
        damaged: Numbers of the lines that do not match their digests, counted from 1.
    """

    entries: list[dict[str, Any]]
    damaged: Sequence[int]


@dataclass
class Journal(Finished):
    """Finished items, to which more can be added."""

    _file: IO[bytes]
    _last: str

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add an entry, which is on disk when this returns. Raises ValueError for NaN and infinity: JSON has none."""
        self._last = _write(self._file, entry, self._last)
        self.entries.append(dict(entry))


@contextmanager
def open_journal(path: str | Path, configuration: Mapping[str, Any]) -> Iterator[Journal]:
    """Create the journal or resume it.

    An incomplete last line, left by a kill, is dropped.

    Args:
        path: The file.
        configuration: The job that the items belong to; it must survive a round trip through JSON unchanged.

    Raises:
        ArchflowError: If the journal is of another configuration, its first line is damaged or not that of a journal,
            or another process is writing it.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = (regular_file(path) if path.exists() else path).open("a+b", buffering=0)
    except OSError as error:
        raise ArchflowError(
            f"{path}: the journal cannot be written ({error.strerror}): give a path in a writable folder"
        ) from error
    with file:
        try:
            # The system releases the lock when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArchflowError(f"{path}: another process is writing this journal: wait for it or stop it") from error
        header = {"configuration": dict(configuration)}
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        lines = [_parsed(line) for line in content[:whole].split(b"\n")[:-1]]
        if lines or not _line(seal(header)).startswith(content):
            _check_header(path, lines[0] if lines else None, configuration)
        file.truncate(whole)
        if lines:
            found = _finished(lines)
            yield Journal(found.entries, found.damaged, file, digest_of(lines[-1]))
        else:
            yield Journal([], (), file, _write(file, header, ""))


def read_journal(path: str | Path, configuration: Mapping[str, Any]) -> Finished:
    """Read what a journal holds so far, without changing it; another process may be writing it.

    Raises:
        ArchflowError: If there is no such file, or it is not a journal of this configuration.
    """
    path = Path(path)
    if not path.exists():
        raise ArchflowError(f"{path}: no such journal: run the job first, or name the folder that it works in")
    content = regular_file(path).read_bytes()
    lines = [_parsed(line) for line in content.split(b"\n")[:-1]]  # a line that is being written has no line break yet
    _check_header(path, lines[0] if lines else None, configuration)
    return _finished(lines)


def _finished(lines: list[Any]) -> Finished:
    entries, damaged = [], []
    for number, (before, line) in enumerate(pairwise(lines), start=2):
        try:
            entries.append(unseal(line, after=digest_of(before)))
        except ArchflowError:
            damaged.append(number)
    return Finished(entries, damaged)


def _write(file: IO[bytes], entry: Mapping[str, Any], after: str) -> str:
    """Add a line, which is on disk when this returns, and return its digest."""
    sealed = seal(entry, after)
    rest = memoryview(_line(sealed))
    try:
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())
    except OSError as error:
        raise ArchflowError(
            f"{file.name}: cannot be written ({reason(error)}); what it holds is kept: make room and run it again"
        ) from None
    return digest_of(sealed)


def _line(sealed: Mapping[str, Any]) -> bytes:
    return json.dumps(sealed).encode() + b"\n"


def _parsed(line: bytes) -> Any:
    try:
        return parse_json(line)
    except ValueError:
        return None


def _check_header(path: Path, line: Any, configuration: Mapping[str, Any]) -> None:
    try:
        theirs = unseal(line).get("configuration")
    except ArchflowError as error:
        raise ArchflowError(
            f"{path}: its first line is not that of a journal ({error}): give another output, or remove the file to "
            "measure all again"
        ) from None
    if theirs != dict(configuration):
        raise ArchflowError(
            f"{path}: journal of another job ({_difference(theirs, configuration)}): "
            "give the same settings to resume it, or another output, or remove it to measure all again"
        )


def _difference(theirs: Any, ours: Mapping[str, Any]) -> str:
    if not isinstance(theirs, dict):
        return "it states none"
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
    return ", ".join(f"{key} is {theirs.get(key)} there, {ours.get(key)} here" for key in keys)
