"""Downloads that end whole or not at all: mirrors in turn, resumed where they broke off, checked before they count.

Written on urllib: pooch, the usual choice, cannot resume a broken transfer.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from archflow.data.cache import sha256_of
from archflow.data.catalogue import RawFile
from archflow.errors import ArchflowError

BLOCK = 1 << 16
_PERMANENT = range(400, 500)
_TRANSIENT = (408, 425, 429)
_NOBODY_THERE = (socket.gaierror, ConnectionRefusedError, ssl.SSLCertVerificationError, ValueError)
"""Errors that another attempt a moment later would meet again; ValueError is an address that is none."""


class _Refused(Exception):
    """This address will not give the file."""


class _Broken(Exception):
    """The transfer broke off; another attempt may go on."""


def download(
    file: RawFile,
    target: Path,
    advance: Callable[[int], None] = lambda count: None,
    *,
    timeout: float = 30.0,
    attempts: int = 4,
    pause: float = 1.0,
) -> None:
    """Fetch a file, check size and sha256, and put it at `target`, replacing what is there.

    What has been fetched is kept beside the target as `.NAME.part`; another attempt, mirror or run goes on from it. The
    caller sees to it that no other process fetches the same file (`archflow.data.cache.alone`).

    Args:
        advance: called with the bytes gained; negative if what was fetched turned out useless.
        timeout: seconds without a byte after which an attempt has failed.
        attempts: for each address. pause: seconds before the second one, doubled each time.

    Raises ArchflowError, with the reason of every address, if none gave the file; also if the disk is full. The target
    is then as it was.
    """
    part = target.with_name(f".{target.name}.part")
    transfer = _Transfer(file, part, advance, timeout)
    reasons = []
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        for address in file.addresses:
            try:
                _attempt(transfer, address, attempts, pause)
            except _Refused as refused:
                reasons.append(f"{urllib.parse.urlsplit(address).netloc}: {refused}")
                continue
            part.replace(target)
            return
    except OSError as error:
        hint = "free some space" if error.errno == errno.ENOSPC else "give a writable folder in ARCHFLOW_CACHE"
        raise ArchflowError(f"{target}: cannot be written ({error.strerror}): {hint}, then start again") from None
    raise ArchflowError(
        f"{file.name}: could not be downloaded ({'; '.join(reasons)}): "
        "try again later, or put the file into the folder ARCHFLOW_DATA"
    )


def _attempt(transfer: _Transfer, address: str, attempts: int, pause: float) -> None:
    reason = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            transfer.go_on(address)
            return
        except _Broken as broken:
            reason = f"{broken} ({attempts} attempts)" if attempts > 1 else str(broken)
    raise _Refused(reason)


class _Transfer:
    """One file on its way, from whichever address."""

    def __init__(self, file: RawFile, part: Path, advance: Callable[[int], None], timeout: float) -> None:
        self.file, self.part, self.advance, self.timeout = file, part, advance, timeout
        self.advance(self.fetched())

    def fetched(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def drop(self) -> None:
        self.advance(-self.fetched())
        self.part.unlink(missing_ok=True)

    def go_on(self, address: str) -> None:
        """Fetch what is missing and check the whole; OSErrors that get out are those of the disk."""
        if self.fetched() > self.file.size:
            self.drop()
        begun = self.fetched()
        if begun < self.file.size:
            begun = self._receive(address, begun)
        if self.fetched() < self.file.size:
            raise _Broken(f"it broke off after {self.fetched():,} of {self.file.size:,} bytes")
        if sha256_of(self.part) != self.file.sha256:
            self.drop()
            if begun:  # what lay there before may have been the wrong part
                raise _Broken("wrong content (sha256 differs)")
            raise _Refused("wrong content (sha256 differs)")

    def _receive(self, address: str, begun: int) -> int:
        """Append the answer to the part file; from which byte on it really came."""
        headers = {"User-Agent": "archflow"} | ({"Range": f"bytes={begun}-"} if begun else {})
        try:
            response = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, _NOBODY_THERE):
                raise _Refused(_reason(error)) from None
            raise _Broken(_reason(error)) from None
        with response:
            starts = _starts_at(response) if response.status == 206 else 0
            if starts != begun:
                self.drop()
                if starts != 0:
                    raise _Broken("it answered with another part of the file")
                begun = 0  # the server sends the whole file whatever it is asked for
            with self.part.open("ab") as part:
                size = begun
                while block := _read(response):
                    size += len(block)
                    if size > self.file.size:
                        break
                    part.write(block)
                    part.flush()  # what has been fetched outlives the process
                    self.advance(len(block))
        if size > self.file.size:
            self.drop()
            raise _Refused(f"wrong content (more than {self.file.size:,} bytes)")
        return begun

    def _refused(self, error: urllib.error.HTTPError) -> NoReturn:
        reason = f"{error.code} {error.reason}"
        if error.code == 416:
            self.drop()
            raise _Broken(f"{reason}: its file is no longer than the part that was here")
        if error.code in _PERMANENT and error.code not in _TRANSIENT:
            raise _Refused(reason)
        raise _Broken(reason)


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(_reason(error)) from None


def _starts_at(response: http.client.HTTPResponse) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _reason(error: Exception) -> str:
    """A network error in a few words."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return f"no connection ({cause.strerror})"
    said = " ".join(str(cause).split())  # a server's answer may be in it
    return f"no connection ({said[:100] or type(cause).__name__})"
