"""Where data is kept on this machine: the user's own folder, and the cache.

The cache contains

    NAME.parquet    a benchmark's table, ready to be read
    NAME.json       its record: sha256, its sources, and how it was made
    raw/NAME/FILE   downloaded files, which may be deleted: the table does not need them
    converted/      tables of the user's folder that had native strings but no graphs, with their digests
    mapped/         tables larger than memory as arrays (`archflow.graph.mapped`), which may be deleted
    evaluations/    unfinished runs of `archflow evaluate`, one folder each
    licences.json   which licences the user has been shown

The user's folder `ARCHFLOW_DATA` may hold tables NAME.parquet, and published files beside them, in `ANY/` or in
`raw/ANY/`.
"""

from __future__ import annotations

import os
from pathlib import Path

from archflow.cache_folder import cache_folder
from archflow.data.catalogue import RawFile

FOLDER_VARIABLE = "ARCHFLOW_DATA"


def data_folder() -> Path | None:
    """The folder that `ARCHFLOW_DATA` names, if it is set."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def own_table(name: str) -> Path | None:
    """The table of that name in the user's folder, if there is one."""
    folder = data_folder()
    path = folder / f"{name}.parquet" if folder else None
    return path if path is not None and path.is_file() else None


def cached_table(name: str) -> Path:
    """Where the cache keeps the table of a benchmark."""
    return cache_folder() / f"{name}.parquet"


def cached_raw(name: str, file: RawFile) -> Path:
    """Where the cache keeps a downloaded file."""
    return cache_folder() / "raw" / name / file.name


def own_files(name: str) -> list[Path]:
    """Files of that name in the user's folder: first beside the tables, then in the folders of data sets."""
    folder = data_folder()
    if folder is None:
        return []
    return [path for pattern in (name, f"*/{name}", f"raw/*/{name}") for path in sorted(folder.glob(pattern))]
