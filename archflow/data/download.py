"""Downloads that complete or leave nothing: mirrors are tried in turn, with limits on size and time, and checked.

pooch transfers the bytes. Its `retrieve` would also check and place the file, but has no limits and makes the file
readable by this user only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

from archflow.data.cache import sha256_of
from archflow.data.catalogue import RawFile
from archflow.errors import ArchflowError
from archflow.files import write_atomically

if TYPE_CHECKING:
    from requests import Response

BLOCK = 1 << 16
_HEADERS = {"User-Agent": "archflow", "Accept-Encoding": "identity"}
"""Headers that ask for the published bytes: requests would unpack a compressed response."""


class _Refused(Exception):
    """The file cannot be had from this address."""


def download(
    file: RawFile,
    target: Path,
    advance: Callable[[int], None] = lambda count: None,
    *,
    timeout: float = 30.0,
    slowest: float = 20_000.0,
) -> None:
    """Fetch a file from the first address that works, and put it at `target`, replacing any file there.

    Args:
        file: The file to fetch; its size and sha256 are checked.
        target: Where to put it.
        advance: Called with the number of bytes received; negative to take back bytes that turn out to be useless.
        timeout: Seconds to wait for a response, or for its next bytes.
        slowest: Bytes per second; an address that is slower over the whole file is given up.

    Raises:
        ArchflowError: If no address works (the message gives each reason), or the file cannot be written. The target is
            then unchanged.
    """
    reasons = []
    with write_atomically(target) as temporary:
        for address in file.addresses:
            try:
                _fetch(address, file, temporary, advance, timeout, slowest)
                return
            except _Refused as refused:
                host = address.partition("://")[2].partition("/")[0]
                reasons.append(f"{host or address}: {refused}")
        raise ArchflowError(
            f"{file.name}: could not be downloaded ({'; '.join(reasons)}): "
            "try again later, or put the file into the folder ARCHFLOW_DATA"
        )


class _Body:
    """The file that pooch writes to, which refuses more than the known number of bytes."""

    def __init__(self, out: BinaryIO, size: int, advance: Callable[[int], None]) -> None:
        self._out, self._size, self._advance = out, size, advance
        self.received = 0

    def write(self, block: bytes) -> None:
        if self.received + len(block) > self._size:
            raise _Refused(f"wrong content (more than {self._size:,} bytes)")
        self._out.write(block)
        self.received += len(block)
        self._advance(len(block))

    def flush(self) -> None:
        self._out.flush()


def _fetch(
    address: str, file: RawFile, path: Path, advance: Callable[[int], None], timeout: float, slowest: float
) -> None:
    """Write the file to `path`. Raises _Refused if the address does not work, OSError if the disk is full."""
    from requests import RequestException

    if not address.lower().startswith(("http://", "https://")):
        raise _Refused("only http and https addresses are followed")
    with path.open("wb") as out:
        body = _Body(out, file.size, advance)
        try:
            _within(timeout + file.size / slowest, lambda: _transfer(address, body, timeout))
            if sha256_of(path) != file.sha256:
                raise _Refused("wrong content (sha256 differs)")
        except Exception as error:  # whatever a response makes the libraries raise
            advance(-body.received)
            of_the_disk = isinstance(error, OSError) and not isinstance(error, (RequestException, TimeoutError))
            if of_the_disk or isinstance(error, _Refused):
                raise
            raise _Refused(_reason(error)) from None


def _transfer(address: str, body: _Body, timeout: float) -> None:
    from pooch import HTTPDownloader

    with ExitStack() as opened:

        def keep(response: Response, **about: object) -> None:
            opened.callback(response.close)  # pooch leaves a response open if it cannot read all of it

        HTTPDownloader(timeout=timeout, chunk_size=BLOCK, headers=_HEADERS, hooks={"response": keep})(
            address, body, None
        )


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do the work in its own thread, and abandon it when the time is over.

    A socket's timeout does not limit the total: a server may send a byte now and then. An abandoned thread ends at its
    next write, since the file is closed by then.

    Raises:
        TimeoutError: If the time is over. Exceptions of the work are passed on.
    """
    ended: Future[None] = Future()

    def run() -> None:
        try:
            ended.set_result(work())
        except Exception as error:
            ended.set_exception(error)

    Thread(target=run, daemon=True).start()
    ended.result(seconds)


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words, which may include a server's message."""
    while error.__context__ is not None:
        error = error.__context__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = getattr(error, "strerror", None) or str(error)
    return " ".join(said.split())[:150] or type(error).__name__
