"""Parquet tables as memory-mapped arrays, which are kept in the cache: tables larger than memory.

The folder `mapped/NAME-DIGEST` of the cache, with the digest of the file's path, holds what
`archflow.graph.array_folder` writes, and a sealed description with the digest of every file. It is made in bounded
memory in a folder beside it, and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.cache_folder import CACHE_VARIABLE, alone, cache_folder
from archflow.errors import ArchflowError
from archflow.files import PART, reason
from archflow.graph.array_folder import Content, opened, written
from archflow.graph.columns import reading
from archflow.graph.parquet import group_sizes
from archflow.graph.streamed import StreamedSet
from archflow.memory import available, credible_content
from archflow.sealed import read_sealed, write_sealed

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "archflow mapped table 1"

SHARE = 16
"""A table whose content takes more than this part of the memory there is is mapped: to read it into memory takes about
five times its content, and to pre-train on it nine (docs/scale.md)."""

_ABOUT = "about.json"


def is_large(path: Path) -> bool:
    """Whether a table is a Parquet file that had better be mapped; False if it cannot be read."""
    import pyarrow as pa

    try:
        return path.suffix == ".parquet" and sum(group_sizes(path, credible_content(path))) > available() // SHARE
    except (ArchflowError, pa.ArrowException, OSError):
        return False  # reading it reports the error


def mapped(path: Path) -> tuple[StreamedSet, pa.Table]:
    """The architectures of a Parquet file and its other columns, as arrays on disk that the cache holds.

    They are made when the cache lacks them, the file has changed since (its size, time or footer), or they are damaged.
    Another process that asks meanwhile waits.

    Raises:
        ArchflowError: As for `read_columns` and `from_columns`; if one row group takes more than half of the memory; or
            if the cache cannot be written.
    """
    if path.suffix != ".parquet":
        raise ArchflowError(f"{path}: only a .parquet file can be mapped; write the table as one")
    if not path.is_file():
        raise ArchflowError(f"{path}: no such file")
    with reading(path):
        source = _source(path)
    folder = cache_folder() / "mapped"
    made = folder / f"{path.stem[:40]}-{hashlib.blake2b(os.fsencode(path.resolve()), digest_size=8).hexdigest()}"
    with alone("mapped"):
        content = _sound(made, source) or _made(path, made, source)
        try:
            return opened(made, content)
        except OSError as error:
            raise ArchflowError(
                f"{made}: cannot be mapped into memory ({reason(error)}); allow this process more address space"
            ) from None


def _made(path: Path, made: Path, source: dict[str, Any]) -> Content:
    for part in made.parent.glob(f"{PART}*"):  # of processes that were killed: only one at a time has the lock
        shutil.rmtree(part, ignore_errors=True)
    part = made.with_name(f"{PART}{made.name}")
    with _said(made.parent), _removed(part):
        part.mkdir(parents=True)
        content = written(path, part)
        about = {"format": FORMAT, "source": source, "content": content._asdict(), "digests": _digests(part)}
        write_sealed(part / _ABOUT, about)
        shutil.rmtree(made, ignore_errors=True)
        part.rename(made)
    return content


def _source(path: Path) -> dict[str, Any]:
    """What says that a file is the same: its place, size and time, and the digest of its last bytes, the footer's."""
    state = path.stat()
    with path.open("rb") as file:
        file.seek(max(0, state.st_size - (1 << 16)))
        footer = hashlib.blake2b(file.read(), digest_size=16).hexdigest()
    return {"path": str(path.resolve()), "size": state.st_size, "mtime": state.st_mtime_ns, "footer": footer}


def _sound(made: Path, source: dict[str, Any]) -> Content | None:
    """What the arrays of this file hold, if there are any and they are as they were written."""
    try:
        about = read_sealed(made / _ABOUT)
        if about["format"] != FORMAT or about["source"] != source or about["digests"] != _digests(made):
            return None
        return Content(**about["content"])
    except (ArchflowError, KeyError, TypeError, OSError):
        return None


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name != _ABOUT:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


@contextmanager
def _removed(part: Path) -> Iterator[None]:
    """Remove the folder at the end of the block, unless it has another name by then."""
    try:
        yield
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchflowError(
            f"{folder}: could not be written ({reason(error)}); free some space, or name another folder in "
            f"{CACHE_VARIABLE}"
        ) from None
