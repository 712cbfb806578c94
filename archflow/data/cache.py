"""Changes to the cache: tables with their records, and the licences that were shown."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archflow.cache_folder import cache_folder
from archflow.data.catalogue import Benchmark
from archflow.data.places import cached_table
from archflow.errors import ArchflowError
from archflow.files import read_json, regular_file, write_json
from archflow.graph.table import Table


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file. Raises ArchflowError if it is not a regular file or cannot be read."""
    try:
        with regular_file(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror})") from None


def store(name: str, table: Table, made_of: Mapping[str, str], how: str) -> Path:
    """Put a table and its record into the cache, replacing the one there, and return its path.

    made_of: file name -> sha256. how: how it was obtained, for the user ("downloaded").

    Raises ArchflowError, and leaves the old table, if it cannot be written.
    """
    path = cached_table(name)
    made = path.with_name(f".{path.name}")  # replaces the old one only once its record is written
    try:
        table.write(made)
        about = {"sha256": sha256_of(made), "rows": len(table), "how": how, "made_of": dict(made_of)}
        write_json(path.with_suffix(".json"), about)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    return path


@dataclass(frozen=True)
class CacheRecord:
    """The record that `store` writes about a cached table.

    Attributes:
        sha256: Digest of the table's file.
        rows: The number of rows.
        how: How it was obtained.
        made_of: SHA-256 of each published file, by name.
    """

    sha256: str
    rows: int
    how: str
    made_of: dict[str, str]


def record(name: str) -> CacheRecord:
    """Read the record of a cached table. Raises ArchflowError if there is no valid record."""
    from archflow.described import parse

    path = cached_table(name).with_suffix(".json")
    if not path.exists():
        raise ArchflowError(f"{path}: there is no record of the cached table; {_make_again(name)}")
    return parse(CacheRecord, read_json(path), f"{path}: not a record of a cached table", _make_again(name))


def check_cached(name: str) -> Path:
    """The path of the cached table, after checking that it is as `store` wrote it.

    Raises:
        ArchflowError: If it is damaged, was changed, or has no valid record.
    """
    path = cached_table(name)
    if sha256_of(path) != record(name).sha256:
        raise ArchflowError(f"{path}: damaged, or changed since it was made; {_make_again(name)}")
    return path


def _make_again(name: str) -> str:
    return f"run `archflow data get {name} --again`, or import it again"


def show_licence(benchmark: Benchmark) -> None:
    """Print a benchmark's licence and citation to standard error, once per cache."""
    path = cache_folder() / "licences.json"
    try:
        shown = read_json(path)
    except ArchflowError:
        shown = {}  # none shown yet, or unknown: showing it again does no harm
    shown = shown if isinstance(shown, dict) else {}
    if shown.get(benchmark.name) == benchmark.licence:
        return
    print(f"{benchmark.name}: licence: {benchmark.licence}; please cite: {benchmark.citation}", file=sys.stderr)
    try:
        write_json(path, shown | {benchmark.name: benchmark.licence})
    except ArchflowError:
        return  # a cache that cannot be written is no reason to withhold the data
