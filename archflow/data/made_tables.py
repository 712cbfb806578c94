"""Tables in the cache that are made of other files once; a damaged one is made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from archflow.cache_folder import cache_folder
from archflow.checkpoint import fingerprint
from archflow.data.cache import sha256_of
from archflow.errors import ArchflowError
from archflow.sealed import read_sealed, write_sealed


def made_once(name: str, made_of: Sequence[Path], write: Callable[[Path], None]) -> Path:
    """The path of a table that `write` makes, unless the cache holds it, made of the same files and unchanged.

    Args:
        name: What the table's file name begins with.
        made_of: The files on which its content depends.
        write: Writes the table to a path.

    Raises:
        ArchflowError: If one of the files cannot be read, or as `write` does.
    """
    digest = fingerprint([sha256_of(path) for path in made_of])
    made = cache_folder() / "converted" / f"{name}-{digest}.parquet"
    if not _is_sound(made):
        write(made)
        write_sealed(_record(made), {"sha256": sha256_of(made)})
    return made


def _record(made: Path) -> Path:
    return made.with_suffix(".json")


def _is_sound(made: Path) -> bool:
    try:
        return read_sealed(_record(made))["sha256"] == sha256_of(made)
    except (ArchflowError, KeyError):
        return False
