"""Data frames of other libraries as the columns of a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError

if TYPE_CHECKING:
    import pyarrow as pa


def is_frame(value: object) -> bool:
    """Whether `columns_of` takes a value."""
    return _is_pandas(value) or hasattr(value, "__arrow_c_stream__")


def columns_of(frame: Any) -> pa.Table:
    """The columns of a pandas frame, without its index, or of whatever exports an Arrow stream, as polars does.

    Raises:
        ArchflowError: If it is neither, or has a column of a type that Arrow does not know.
    """
    import pyarrow as pa

    if not is_frame(frame):
        raise ArchflowError(
            f"a {type(frame).__name__} is not a data frame; give one of pandas, polars or pyarrow, "
            "and read a file with archflow.read_table"
        )
    try:
        if _is_pandas(frame):
            return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
        if getattr(frame, "ndim", 2) == 1:
            raise TypeError("it is a single column; give the whole frame")
        return _without_views(pa.table(frame))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ArchflowError(f"the data frame cannot be read ({str(error).splitlines()[0]})") from None


def _without_views(columns: pa.Table) -> pa.Table:
    """The columns with plain texts in place of string views, as of polars, of which pyarrow cannot take rows."""
    import pyarrow as pa

    view = getattr(pa.types, "is_string_view", lambda kind: False)  # pyarrow 17 has no views
    for place, field in enumerate(columns.schema):
        if view(field.type):
            columns = columns.set_column(place, field.name, columns[field.name].cast(pa.large_string()))
    return columns


def _is_pandas(value: object) -> bool:
    pandas = sys.modules.get("pandas")  # a frame of it means that it is loaded
    return pandas is not None and isinstance(value, pandas.DataFrame)
