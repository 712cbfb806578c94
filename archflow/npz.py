"""Read arrays from `.npz` files of unknown origin.

Nothing is unpickled, and sizes are checked before memory is allocated.
"""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.files import regular_file
from archflow.memory import check_content

_UNREADABLE = (OSError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError, MemoryError)
_UNREADABLE += (zipfile.BadZipFile, zlib.error, struct.error, SyntaxError, tokenize.TokenError, Warning)
"""What zipfile and numpy raise for files that are truncated, damaged, encrypted or malicious."""


def read_arrays(path: str | Path, *names: str) -> list[NDArray[Any]]:
    """Read the arrays of these names.

    Args:
        path: An `.npz` file, compressed or not.
        names: The names under which `numpy.savez` stored them.

    Raises:
        ArchflowError: If the file is missing, is damaged, is not an archive of arrays, lacks one of them, or holds
            Python objects.
    """
    path = regular_file(path)
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(path) as archive:
            warnings.simplefilter("error")  # headers of Python 2, data types that are no longer in use
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            missing = [name for name in names if name not in members]
            if missing:
                there = ", ".join(members) or "nothing"
                raise ArchflowError(f"{path}: no array {' and '.join(missing)}, only {there}: add it")
            check_content(path, sum(members[name].file_size for name in names))
            return [_array(archive, members[name]) for name in names]
    except ArchflowError:
        raise
    except _UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArchflowError(
            f"{path}: not a readable .npz file of plain arrays ({reason}): write it with numpy.savez, or get it again"
        ) from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as stream:
        shape, kind = _header(stream)
        # A count alone may be enormous where an entry has no bytes.
        stated = max(stream.tell() + math.prod(shape) * kind.itemsize, math.prod(shape))
    if min(shape, default=0) < 0 or stated != member.file_size:
        raise ValueError(f"{member.filename} is not as large as it says")
    with archive.open(member) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):  # the checksum is verified at the end
            raise ValueError(f"{member.filename} continues after its end")
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:
        raise ValueError(f"an array in format {version}")
    shape, _, kind = readers[version](stream)
    return shape, kind
