"""Downloads that end whole or not at all: mirrors in turn, each limited in size and time, checked before they count.

pooch transfers the bytes. Its `retrieve` would also check and place the file, but has no limits, and leaves it readable
by this user only.
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
"""The published bytes: requests would unpack what a server sends compressed."""


class _Refused(Exception):
    """This address will not give the file."""


def download(
    file: RawFile,
    target: Path,
    advance: Callable[[int], None] = lambda count: None,
    *,
    timeout: float = 30.0,
    slowest: float = 20_000.0,
) -> None:
    """Fetch a file from the first of its addresses that gives it, and put it at `target`, replacing what is there.

    Args:
        file: what to fetch; its size and sha256 are checked.
        target: where it goes.
        advance: called with the bytes gained; negative if what was fetched turned out useless.
        timeout: seconds to wait for an answer, or for the next bytes of one.
        slowest: bytes per second; an address that takes longer for the whole file is given up.

    Raises:
        ArchflowError: with the reason of every address, if none gave the file; or if it cannot be written. The target
            is then as it was.
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
    """What pooch writes to: a file that takes no more than the known number of bytes."""

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
    """Write the file to `path`. Raises _Refused if the address does not give it, OSError if the disk is full."""
    from requests import RequestException

    if not address.lower().startswith(("http://", "https://")):
        raise _Refused("only http and https addresses are followed")
    with path.open("wb") as out:
        body = _Body(out, file.size, advance)
        try:
            _within(timeout + file.size / slowest, lambda: _transfer(address, body, timeout))
            if sha256_of(path) != file.sha256:
                raise _Refused("wrong content (sha256 differs)")
        except Exception as error:  # whatever an answer makes the libraries raise
            advance(-body.received)
            of_the_disk = isinstance(error, OSError) and not isinstance(error, (RequestException, TimeoutError))
            if of_the_disk or isinstance(error, _Refused):
                raise
            raise _Refused(_reason(error)) from None


def _transfer(address: str, body: _Body, timeout: float) -> None:
    from pooch import HTTPDownloader

    with ExitStack() as opened:

        def keep(response: Response, **about: object) -> None:
            opened.callback(response.close)  # pooch leaves an answer open when it cannot read it to its end

        HTTPDownloader(timeout=timeout, chunk_size=BLOCK, headers=_HEADERS, hooks={"response": keep})(
            address, body, None
        )


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do the work in a thread of its own and give it up when the time is over.

    No timeout of a socket limits the whole: a server may send a byte now and then. A thread that has been given up ends
    at its next write, since the file is closed by then.

    Raises:
        TimeoutError: if the time is over; or what the work raises.
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
    """The innermost cause in a few words; what a server said may be in it."""
    while error.__context__ is not None:
        error = error.__context__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = getattr(error, "strerror", None) or str(error)
    return " ".join(said.split())[:150] or type(error).__name__
