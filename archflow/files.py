"""Files on disk: written whole or not at all, and never in place of what only looked like a file."""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.printable import shown

PART = ".archflow-"
"""How the names of unfinished files begin; they end with `.part`."""


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path; what is written there replaces `path` when the block ends without an exception.

    A link is followed, and a file that exists keeps its mode and owner. A device or a pipe is written to at the end of
    the block; it is never replaced.

    Raises:
        ArchflowError: If nothing can be written there, or writing failed; an OSError of the block is said in this way
            too.
    """
    path = Path(path)
    check_writable(path)
    try:
        with _streamed(path) if is_stream(path) else _replaced(Path(os.path.realpath(path))) as temporary:
            yield temporary
    except OSError as error:
        raise ArchflowError(f"{path}: could not be written ({reason(error)}); nothing was changed") from None


def check_writable(path: str | Path) -> None:
    """Raise ArchflowError if `write_atomically` cannot write there, as far as this can be known beforehand."""
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        raise ArchflowError(f"{path}: cannot write there ({reason(error)}); give a path in a writable folder") from None
    if mode is not None and stat.S_ISDIR(mode):
        raise ArchflowError(f"{path}: is a folder; give the path of a file")
    if mode is not None and not os.access(path, os.W_OK):
        raise ArchflowError(f"{path}: is write-protected; give another path, or change its permissions")
    if mode is None or stat.S_ISREG(mode):
        _check_folder(path, Path(os.path.realpath(path)).parent)


def check_folder(folder: str | Path) -> None:
    """Raise ArchflowError if nothing can be written into the folder, which need not exist yet."""
    _check_folder(Path(folder), Path(os.path.realpath(folder)))


def _check_folder(path: Path, folder: Path) -> None:
    """path: What the user named, for the message."""
    try:
        existing = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
        os.lstat(folder)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise ArchflowError(f"{path}: cannot write there ({reason(error)}); give a path in a writable folder") from None
    if not existing.is_dir():
        raise ArchflowError(f"{path}: cannot write there ({existing} is no folder); give a path in a writable folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ArchflowError(f"{path}: cannot write there (no permission); give a path in a writable folder")


def is_stream(path: Path) -> bool:
    """Whether a device, a pipe or a socket is there, or a link to one."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def reason(error: Exception) -> str:
    """Why something failed, in the words of the system if it has any."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def _streamed(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder, "stream")
        temporary.touch()
        yield temporary
        with temporary.open("rb") as whole, path.open("wb") as stream:
            shutil.copyfileobj(whole, stream)


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat() if path.exists() else None
    temporary, lock = _new_part(path, 0o666 if before is None else stat.S_IMODE(before.st_mode))
    try:
        yield temporary
        if before is not None:
            with suppress(PermissionError):  # only the superuser gives files away
                os.chown(temporary, before.st_uid, before.st_gid)
            os.chmod(temporary, stat.S_IMODE(before.st_mode))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(lock)


def _new_part(path: Path, mode: int) -> tuple[Path, int]:
    """An empty file beside `path` and its descriptor, locked as long as its writer lives; parts of dead writers go.

    Its name has a fixed length: that of `path` may be as long as the system allows.
    """
    stem = f"{PART}{hashlib.blake2b(path.name.encode(errors='surrogateescape'), digest_size=8).hexdigest()}"
    remove_parts(path.parent, stem)
    while True:
        part = path.parent / f"{stem}-{secrets.token_hex(8)}.part"
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        with suppress(OSError):  # a file system without locks: nobody takes the part for abandoned there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)  # another process found it before it was locked, and removed it


def remove_parts(folder: Path, stem: str = PART) -> None:
    """Remove the parts in a folder whose names begin with `stem` and whose writers are dead."""
    for part in folder.glob(f"{stem}*.part"):
        with suppress(OSError):  # its writer lives, or another process removed it first
            descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
            finally:
                os.close(descriptor)


@contextmanager
def only_writer(folder: str | Path) -> Iterator[None]:
    """Keep other processes that ask for the same from writing into a folder.

    The folder is made if there is none, and removed again if nothing came into it. The lock is on the folder itself: it
    leaves no file behind, and ends with the process.

    Raises:
        ArchflowError: If another process writes into the folder, or it cannot be made.
    """
    folder = Path(folder)
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ArchflowError(f"{folder}: cannot be written to ({reason(error)}); give another folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
            os.close(descriptor)
            message = f"{folder}: another process is writing into this folder; wait for it, or give another folder"
            raise ArchflowError(message) from None
        # A file system without locks on folders: the user has to take care.
    try:
        yield
    finally:
        if made:
            with suppress(OSError):  # there is something in it
                folder.rmdir()
        os.close(descriptor)


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON, atomically."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file. Raises ArchflowError if it is missing, truncated or not what `parse_json` takes."""
    try:
        if is_stream(Path(path)):
            regular_file(path)
        return parse_json(Path(path).read_bytes())
    except FileNotFoundError:
        raise ArchflowError(f"{path}: no such file") from None
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({reason(error)})") from None
    except ValueError as error:
        raise ArchflowError(f"{path}: not valid JSON ({error}); the file is truncated or not ours") from None


DEEPEST = 100
"""Levels of lists and objects within each other that a JSON text may have."""


def parse_json(text: str | bytes, constant: Callable[[str], Any] | None = None) -> Any:
    """The content of a JSON text, which can then be hashed, compared and written again without a surprise.

    Args:
        text: The text.
        constant: Called with NaN, Infinity and -Infinity; default: they are floats.

    Raises:
        ValueError: If it is no JSON, names a field twice, has a number of thousands of digits, or nests deeper than
            `DEEPEST`.
    """
    try:
        content = json.loads(text, object_pairs_hook=_each_field_once, parse_constant=constant)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from None
    level, depth = [content], 0
    while level := [part for each in level for part in _parts(each) if isinstance(part, dict | list)]:
        depth += 1
        if depth >= DEEPEST:
            raise ValueError(f"nested deeper than {DEEPEST} levels")
    return content


def _parts(content: Any) -> Iterable[Any]:
    return content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()


def _each_field_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {shown(twice)} stands there twice; give it once")
    return fields


def regular_file(path: str | Path) -> Path:
    """The path, if what lies there is a file or a link to one.

    Anything else is not opened: reading a pipe or a device may never end.

    Raises:
        ArchflowError: If there is nothing, or a folder, pipe or device.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        raise ArchflowError(f"{path}: cannot be read ({reason(error)})") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ArchflowError(f"{path}: is {kind}, not a file; give a regular file")
    return path
