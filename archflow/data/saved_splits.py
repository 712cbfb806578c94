"""Splits on disk, beside the results that they belong to: small JSON files that list rows or devices.

    {"kind": "rows", "by": "size", "table": "0f3c...", "architectures": 15625, "parts": {"labelled": [...], ...}, ...}
    {"kind": "devices", "by": "hardware", "parts": {"train": [...], "test": [...]}, ...}

`table` is a digest of the graphs in order: a split of another table, or of the same one in another order, is refused.
The file also holds its own digest: a file that was changed is refused.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from archflow.data.device_splits import DeviceSplit, devices_named
from archflow.data.splits import Rows, Split
from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.graph.table import Table
from archflow.sealed import read_sealed, seal


def save_split(path: str | Path, split: Split | DeviceSplit, by: str, table: Table) -> None:
    """Write a split of this table. by: how it was made, as information ("size", "isomorphism class", ...)."""
    if isinstance(split, Split):
        parts = {name: rows.tolist() for name, rows in vars(split).items()}
        about = {"kind": "rows", "by": by, "table": _digest(table), "architectures": len(table), "parts": parts}
    else:
        about = {"kind": "devices", "by": by, "parts": {"train": list(split.train), "test": list(split.test)}}
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(seal(about)) + "\n", encoding="utf-8")  # one row per line would not be small


def load_split(path: str | Path, table: Table) -> Split | DeviceSplit:
    """Read a split for this table.

    Raises ArchflowError if the file is not a saved split, does not match its digest, is of another table (other
    architectures, or another order), or names rows or devices that the table lacks or that are on both sides.
    """
    about = read_sealed(path)
    try:
        kind, parts = about["kind"], about["parts"]
        if kind == "devices":
            return devices_named(table, _texts(parts["train"]), _texts(parts["test"]))
        if kind != "rows":
            raise ArchflowError(f"it is of kind {kind!r}, neither rows nor devices")
        if about["architectures"] != len(table) or about["table"] != _digest(table):
            raise ArchflowError(
                f"it was made for another table ({about['architectures']} architectures; this one has {len(table)}, or "
                "the same in another order): make it again"
            )
        rows = {name: _rows(parts[name], len(table)) for name in ("labelled", "validation", "test")}
    except ArchflowError as error:
        raise ArchflowError(f"{path}: this split does not fit: {error}") from None
    except (KeyError, TypeError) as error:
        raise ArchflowError(f"{path}: not a saved split ({error!r} is missing or of another kind)") from None
    # Judging on all architectures, including those learnt from, is allowed.
    learnt, judged = np.concatenate([rows["labelled"], rows["validation"]]), rows["test"]
    apart = [learnt, judged] if about.get("by") == "all" else [np.concatenate([learnt, judged])]
    if any(len(np.unique(part)) < len(part) for part in apart):
        raise ArchflowError(f"{path}: this split does not fit: a row occurs in it twice")
    return Split(**rows)


def _digest(table: Table) -> str:
    return hashlib.blake2b(table.architectures.hashes.astype("<u8").tobytes(), digest_size=8).hexdigest()


def _rows(values: Any, count: int) -> Rows:
    if not (isinstance(values, list) and all(type(row) is int and 0 <= row < count for row in values)):
        raise ArchflowError(f"it names rows that are not in 0 to {count - 1}")
    return np.array(values, np.int64)


def _texts(values: Any) -> list[str]:
    if not (isinstance(values, list) and all(isinstance(value, str) for value in values)):
        raise TypeError("devices")
    return values
