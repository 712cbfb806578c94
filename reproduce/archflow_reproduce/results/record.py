"""The record of a result with everything that describes how it was measured."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

import archflow
from archflow.checkpoint import fingerprint
from archflow.described import parse
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph.table import Table

SCHEMA = 1
"""Number of the layout of records and of the results in them; raise it when either changes, and measure again."""

KINDS = (
    "fgp",
    "encoders",
    "pretext",
    "arch2vec",
    "speed",
    "against",
    "proxies",
    "widths",
    "travel",
    "choices",
    "experts",
    "latency",
    "search",
    "hierarchical",
    "explain",
    "import",
    "devices",
    "few",
    "across",
    "neusight",
    "scale",
    "workers",
    "compiled",
    "soak",
)
"""The verbs of `archflow bench` that write records; "against" is `speed --against`."""

Result = Mapping[str, Any]


def _splittable(command: str) -> str:
    shlex.split(command)  # raises ValueError for a quotation that does not end
    return command


@dataclass(frozen=True, kw_only=True)
class Record:
    """A measured result.

    Attributes:
        kind: The kind of measurement, one of `KINDS`.
        command: The command line, as it was given.
        archflow: Version of the package.
        commit: `git describe` of the checkout, with the suffix "-dirty" if files were changed; None outside of one.
        date: When it was written, UTC, ISO 8601.
        machine: Processor, threads, versions.
        config: Every setting that determines the result.
        data: By name, the hash of the architectures and of the metric that were used (`data_hash`).
        result: What was measured.
        recorded: Where the fields above come from.
        schema: `SCHEMA` of the code that wrote it.
    """

    kind: str
    command: Annotated[str, AfterValidator(_splittable)]
    archflow: str
    commit: str | None
    date: str
    machine: Mapping[str, Any]
    config: Mapping[str, Any]
    data: Mapping[str, str]
    result: Result
    recorded: str = "by the command"
    schema: int = SCHEMA

    @property
    def content(self) -> dict[str, Any]:
        """The result with its `config` and `machine`, as studies return it and reports take it."""
        return {**self.result, "config": self.config, "machine": self.machine}


def new_record(kind: str, content: Result, data: Mapping[str, str]) -> Record:
    """The record of a result that the running command has just measured.

    Args:
        kind: One of `KINDS`.
        content: As a study returns it: the result, with `config` and `machine`.
        data: Hashes by name, of `data_hash`.
    """
    return Record(
        kind=kind,
        command=shlex.join(["archflow", *sys.argv[1:]]),
        archflow=archflow.__version__,
        commit=checkout_commit(Path(__file__)),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=content["machine"],
        config=content["config"],
        data=data,
        result={key: value for key, value in content.items() if key not in ("machine", "config")},
    )


def write_record(path: str | Path, record: Record) -> None:
    """Write a record as JSON, completely or not at all."""
    write_json(path, asdict(record))


def is_record(path: Path) -> bool:
    """Whether a file is a record, of any schema."""
    try:
        found = read_json(path)
    except ArchflowError:
        return False
    return isinstance(found, Mapping) and {"kind", "schema"} <= found.keys()


def read_record(path: str | Path) -> Record:
    """Read what `write_record` wrote.

    Raises:
        ArchflowError: If the file is not a record, has another schema or an unknown kind.
    """
    return record_of(path, read_json(path))


def record_of(path: str | Path, found: Any) -> Record:
    """The record that is the content of a file. Raises ArchflowError as `read_record` does."""
    if not isinstance(found, Mapping) or "schema" not in found or "kind" not in found:
        raise ArchflowError(f"{path}: no record of `archflow bench`; measure again, or delete the file")
    if found["schema"] != SCHEMA:
        raise ArchflowError(
            f"{path}: a record of schema {found['schema']}, and this is schema {SCHEMA}; measure again, or delete it"
        )
    if found["kind"] not in KINDS:
        raise ArchflowError(f"{path}: a record of unknown kind {found['kind']!r}; measure again, or delete the file")
    names = {field.name for field in fields(Record)}
    if found.keys() != names:
        wrong = ", ".join(sorted(found.keys() ^ names))
        raise ArchflowError(f"{path}: a record with missing or unknown fields ({wrong}); measure again, or delete it")
    return parse(Record, found, f"{path}: a damaged record", "measure again, or delete it")


def data_hash(table: Table, metric: str | None = None) -> str:
    """Hash the architectures of a table and one metric (NaN where it was not measured) to 16 hexadecimal digits."""
    return fingerprint(table.architectures.hashes, *([] if metric is None else [table.metric(metric)]))


def checkout_commit(path: Path) -> str | None:
    """`git describe` of the checkout that tracks a file; None where there is none, or no git."""
    folder = path.resolve().parent
    try:
        # A virtual environment may lie in a checkout of something else.
        _git(folder, "ls-files", "--error-unmatch", path.name)
        return _git(folder, "describe", "--always", "--dirty", "--abbrev=10")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
