"""The named benchmarks: what each is, its licence, and where its files are published.

The entries are in `sources.json`; of the data, only the embedded benchmark is part of the package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError


@dataclass(frozen=True)
class RawFile:
    """A file as its authors publish it. addresses: mirrors, in the order they are tried. size: bytes."""

    name: str
    addresses: tuple[str, ...]
    sha256: str
    size: int

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True)
class Benchmark:
    """A named data set.

    metric: the default column to rank by. proxy: a zero-cost proxy to pre-train on.
    space: the search space's name. embedded: whether the package contains it.
    files: files to download; empty for a benchmark whose table the user brings.
    units: pattern of column names -> unit; the first matching pattern counts.
    """

    name: str
    about: str
    metric: str
    proxy: str
    space: str
    licence: str
    citation: str
    note: str = ""
    embedded: bool = False
    files: tuple[RawFile, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_name(self.name)

    def unit(self, column: str) -> str:
        """The unit of a column, whose name may begin with a minus; empty if unknown."""
        column = column.removeprefix("-")
        return next((unit for pattern, unit in self.units.items() if fnmatchcase(column, pattern)), "")


def _check_name(name: str) -> None:
    """Refuse names that would leave their folder in the cache."""
    if name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise ArchflowError(f"{name!r}: not a plain name of a file or data set; name no folders")


def _entry(name: str, entry: dict[str, Any]) -> Benchmark:
    addresses = entry.pop("addresses", [])
    files = tuple(
        RawFile(file["name"], tuple(address.format(**file) for address in addresses), file["sha256"], file["bytes"])
        for file in entry.pop("files", [])
    )
    return Benchmark(name, files=files, **entry)


BENCHMARKS = {
    name: _entry(name, entry)
    for name, entry in json.loads(Path(__file__).with_name("sources.json").read_text(encoding="utf-8")).items()
}
