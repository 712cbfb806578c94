"""Changes of the cache: tables with their records, one process at a time, and the licences that were shown."""

from __future__ import annotations

import fcntl
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archflow.data.catalogue import Benchmark
from archflow.data.places import CACHE_VARIABLE, cache_folder, cached_table
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph.table import Table


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file. Raises ArchflowError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror})") from None


def store(name: str, table: Table, made_of: Mapping[str, str], how: str) -> Path:
    """Put a table into the cache in place of the one that is there, with its record; the path of the table.

    made_of: file name -> sha256. how: a word for the user ("downloaded").

    Raises ArchflowError, and leaves the old table, if it cannot be written.
    """
    path = cached_table(name)
    table.write(path)
    about = {"sha256": sha256_of(path), "rows": len(table), "how": how, "made_of": dict(made_of)}
    write_json(path.with_suffix(".json"), about)
    return path


def record(name: str) -> dict[str, Any]:
    """What `store` noted about the cached table. Raises ArchflowError if there is no sound record."""
    path = cached_table(name).with_suffix(".json")
    content = read_json(path)
    if not (isinstance(content, dict) and {"sha256", "rows", "how", "made_of"} <= set(content)):
        raise ArchflowError(f"{path}: not a record of a cached table; run `archflow data get {name} --again`")
    return content


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other process changes this benchmark's part of the cache, and keep others waiting."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / f".{name}.lock").open("w")
    except OSError as error:
        raise ArchflowError(
            f"{folder}: the cache cannot be written ({error.strerror}); name another folder in {CACHE_VARIABLE}"
        ) from None
    with lock:
        # The system drops the lock when the process ends, however it ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def show_licence(benchmark: Benchmark) -> None:
    """Print licence and citation of a benchmark to standard error, once for a cache."""
    path = cache_folder() / "licences.json"
    try:
        shown = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        shown = {}  # none shown yet, or not known: once more does no harm
    if shown.get(benchmark.name) == benchmark.licence:
        return
    print(f"{benchmark.name}: licence: {benchmark.licence}; please cite: {benchmark.citation}", file=sys.stderr)
    try:
        write_json(path, shown | {benchmark.name: benchmark.licence})
    except ArchflowError:
        return  # a cache that cannot be written is no reason to withhold the data
