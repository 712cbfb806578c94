"""A table file's format, by its ending, and its columns' names, without reading all of it."""

# Type checkers cannot see the parts of pyarrow that are created at import.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import reason

TABLE_ENDINGS = (".parquet", ".csv", ".jsonl")


def column_names(path: Path) -> list[str]:
    """Read the names of a table's columns from the start of its file. Raises ArchflowError if it is not a table."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        match path.suffix:
            case ".parquet":
                return pa.parquet.read_schema(path).names
            case ".csv":
                with pa.csv.open_csv(path) as file:
                    return file.schema.names
            case _:
                with path.open(encoding="utf-8") as file:
                    return list(dict(json.loads(file.readline())))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise ArchflowError(f"{path}: cannot be read as a table ({reason(error).splitlines()[0]})") from None
