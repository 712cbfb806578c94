"""Check that a benchmark's files on this machine are intact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archflow.data.cache import check_cached, sha256_of
from archflow.data.catalogue import Benchmark
from archflow.data.places import cached_raw, cached_table, own_files, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import GRAPH_COLUMNS, read_columns
from archflow.graph.table import read_table


@dataclass(frozen=True)
class Finding:
    """The check of one file.

    Attributes:
        fault: What is wrong with it; empty if nothing is.
        checked: What it was compared to.
    """

    path: Path
    checked: str
    fault: str


def verify(benchmark: Benchmark) -> list[Finding]:
    """Check a benchmark's files on this machine.

    Published files are compared to their published sha256, and the cached table to its record. A user's table has no
    known checksum, so it only has to be readable.
    """
    findings = []
    cached, own = cached_table(benchmark.name), own_table(benchmark.name)
    if cached.is_file():
        findings.append(Finding(cached, "its record", _fault_of(lambda: check_cached(benchmark.name))))
    if own is not None:
        findings.append(Finding(own, "readable; no checksum is known", _fault_of(lambda: _read(own))))
    for file in benchmark.files:
        for path in (cached_raw(benchmark.name, file), *own_files(file.name)):
            if path.is_file():
                sound = sha256_of(path) == file.sha256
                findings.append(
                    Finding(path, "published checksum", "" if sound else "not the published file (its sha256 differs)")
                )
    return findings


def _fault_of(check: Callable[[], object]) -> str:
    try:
        check()
    except ArchflowError as error:
        return str(error)
    return ""


def _read(path: Path) -> None:
    columns = set(read_columns(path).column_names)
    if set(GRAPH_COLUMNS) <= columns or "native" not in columns:
        read_table(path)
