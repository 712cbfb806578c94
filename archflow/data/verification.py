"""Whether the files of a benchmark on this machine are what they should be."""

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
    """One file. fault: what is wrong with it, empty if nothing is. checked: against what."""

    path: Path
    checked: str
    fault: str


def verify(benchmark: Benchmark) -> list[Finding]:
    """Every file of a benchmark that is on this machine, the published ones against their published sha256, the cached
    table against its record. Of a table of the user's, no checksum is known: it must be readable."""
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
