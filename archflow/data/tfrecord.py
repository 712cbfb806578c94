"""TFRecord files without TensorFlow: records with their lengths and masked CRC-32C checksums.

A record is its length (8 bytes, little endian), the checksum of these 8 bytes (4), the data, and the checksum of the
data (4). Many records are checked at a time: NumPy processes the k-th bytes of all of them at once.

Source: the description of the format in TensorFlow's documentation; CRC-32C (Castagnoli) as in RFC 3720, appendix B.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.files import regular_file

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_CHECKED_TOGETHER = 4096
LONGEST = 1 << 16
"""The maximum bytes of a record, so that a damaged length cannot fill the memory; NAS-Bench-101's have about 1,000."""


def read_records(path: str | Path) -> Iterator[bytes]:
    """Yield the records of a file.

    Raises ArchflowError, naming the record, for a wrong checksum or a truncated file; and if the file cannot be read.
    """
    path = Path(path)
    first, waiting = 0, []
    try:
        with regular_file(path).open("rb") as file:
            while header := file.read(12):
                number = first + len(waiting)
                length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else 0
                if len(header) < 12 or length > LONGEST:
                    raise ArchflowError(
                        f"{path}: record {number} has no sound length; the file is truncated or damaged"
                    )
                body = file.read(length + 4)
                if len(body) < length + 4:
                    raise ArchflowError(f"{path}: record {number} is cut off; the file is truncated")
                waiting.append((header, body))
                if len(waiting) == _CHECKED_TOGETHER:
                    yield from _checked(path, first, waiting)
                    first, waiting = first + len(waiting), []
            yield from _checked(path, first, waiting)
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror})") from None


def masked_crc(contents: list[bytes]) -> NDArray[np.uint32]:
    """(n,) the masked CRC-32C of each content, as stored in a TFRecord."""
    crc = crc32c(contents)
    return ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(0xA282EAD8)


def crc32c(contents: list[bytes]) -> NDArray[np.uint32]:
    """(n,) the CRC-32C of each content."""
    lengths = np.array([len(content) for content in contents], np.int64)
    flat = np.frombuffer(b"".join(contents), np.uint8)
    starts = np.cumsum(lengths) - lengths
    running = np.full(len(contents), 0xFFFFFFFF, np.uint32)
    # Longest first: after k steps, those with bytes left are a prefix.
    order = np.argsort(-lengths, kind="stable")
    starts = starts[order]
    longest = int(lengths.max(initial=0))
    alive = np.searchsorted(-lengths[order], -np.arange(longest), side="left")
    for step, count in enumerate(alive.tolist()):
        state = running[:count]
        byte = flat[starts[:count] + step]
        running[:count] = _TABLE[(state ^ byte) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
    result = np.empty_like(running)
    result[order] = ~running
    return result


def _checked(path: Path, first: int, records: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    headers = masked_crc([header[:8] for header, _ in records])
    bodies = masked_crc([body[:-4] for _, body in records])
    stated = np.array([struct.unpack("<I", header[8:]) + struct.unpack("<I", body[-4:]) for header, body in records])
    wrong = (stated.reshape(-1, 2) != np.stack([headers, bodies], axis=1)).any(axis=1)
    if wrong.any():
        raise ArchflowError(
            f"{path}: the checksum of record {first + int(np.argmax(wrong))} is wrong; get the file again"
        )
    return (body[:-4] for _, body in records)


def _byte_table() -> NDArray[np.uint32]:
    """(256,) the result of eight steps of the shift register on each byte."""
    state = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        state = (state >> np.uint32(1)) ^ np.where(state & np.uint32(1), np.uint32(_POLYNOMIAL), np.uint32(0))
    return state


_TABLE = _byte_table()
