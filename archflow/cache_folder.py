"""The folder in which archflow keeps what it can make again, and the lock on a part of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from archflow.errors import ArchflowError

CACHE_VARIABLE = "ARCHFLOW_CACHE"


def cache_folder() -> Path:
    """The folder that `ARCHFLOW_CACHE` names; by default, archflow's folder in the platform's user cache."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("archflow", appauthor=False)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Lock the part of the cache that has this name, waiting for other processes that hold the lock."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Nothing is written into the lock file: it could be a link to somebody's file.
        lock = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise ArchflowError(
            f"{folder}: the cache cannot be written ({error.strerror}); name another folder in {CACHE_VARIABLE}"
        ) from None
    try:
        # The system releases the lock when the process ends, however it ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
