"""Whole-or-nothing file writes: a reader sees the old file or the new one, never a part of one."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends without an exception.

    Raises ArchflowError if the folder cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise ArchflowError(
            f"{path}: cannot write there ({error.strerror}); give a path in a writable folder"
        ) from None
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes private files; results are ordinary ones
        os.replace(temporary, path)
    except OSError as error:
        raise ArchflowError(f"{path}: could not be written ({error.strerror}); nothing was changed") from None
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON, atomically."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file. Raises ArchflowError if it is missing, truncated or not JSON."""
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise ArchflowError(f"{path}: no such file") from None
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ArchflowError(f"{path}: not valid JSON ({error}); the file is truncated or not ours") from None
