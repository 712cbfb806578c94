"""Records for tests of what reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow_reproduce.results.record import Record, write_record

MACHINE = {"processor": "A Processor", "threads": 2, "torch": "2.13.0"}


def record(kind: str, content: Mapping[str, Any], **changes: Any) -> Record:
    """A record of what a study returned."""
    fields: dict[str, Any] = {
        "kind": kind,
        "command": f"archflow bench {kind} --out results/{kind}.json",
        "archflow": "0.1.0",
        "commit": "abcdef0123",
        "date": "2026-11-22T21:05:37+00:00",
        "machine": content["machine"],
        "config": content["config"],
        "data": {"nasbench201": "0123456789abcdef"},
        "result": {key: value for key, value in content.items() if key not in ("machine", "config")},
    }
    return Record(**fields | changes)


def write(path: Path, kind: str, content: Mapping[str, Any], **changes: Any) -> None:
    """Write such a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, record(kind, content, **changes))
