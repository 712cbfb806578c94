"""Write the tables of the package as small as Parquet holds them: `python -m tests.release.pack`.

Every column gets the encoding that is smallest for it; types and values stay as they are.
"""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from archflow.files import write_atomically

DATA = Path(__file__).parents[2] / "archflow" / "data"
ENCODINGS = {
    "BYTE_ARRAY": ("PLAIN", "DELTA_BYTE_ARRAY"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "INT32"), ("PLAIN", "BYTE_STREAM_SPLIT")),
}
DICTIONARY = "RLE_DICTIONARY"


def packed(table: pa.Table) -> bytes:
    """The table as a Parquet file."""
    chosen = {}
    for name in table.column_names:
        column = table.select([name])
        leaf = pq.ParquetFile(io.BytesIO(_written(column, {}))).schema.column(0)
        choices = (DICTIONARY, *ENCODINGS[leaf.physical_type])
        chosen[leaf.path] = min(choices, key=lambda each, path=leaf.path: len(_written(column, {path: each})))
    return _written(table, chosen)


def _written(table: pa.Table, encodings: dict[str, str]) -> bytes:
    content = io.BytesIO()
    plain = {path: encoding for path, encoding in encodings.items() if encoding != DICTIONARY}
    pq.write_table(
        table,
        content,
        compression="zstd",
        compression_level=22,
        use_dictionary=[path for path in encodings if path not in plain] or False,
        column_encoding=plain or None,
        write_statistics=False,
    )
    return content.getvalue()


def main() -> None:
    """Pack every table that becomes smaller."""
    for path in sorted(DATA.glob("*.parquet")):
        table = pq.read_table(path)
        content = packed(table)
        assert pq.read_table(io.BytesIO(content)).equals(table, check_metadata=True)
        if len(content) < path.stat().st_size:
            with write_atomically(path) as temporary:
                temporary.write_bytes(content)


if __name__ == "__main__":
    main()
