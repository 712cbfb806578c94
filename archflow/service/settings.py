"""What a service accepts, who may use it, and where it can be reached."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import reason, regular_file
from archflow.printable import shown

TOKEN_VARIABLE = "ARCHFLOW_TOKEN"
"""The environment variable that holds the token if no file does."""

_TOKEN = re.compile(r"[!-~]{16,512}")

MISSING = "serve: fastapi, uvicorn and prometheus-client are needed; install them with pip install 'archflow[serve]'"


@dataclass(frozen=True)
class Limits:
    """What a service accepts. Whatever exceeds a limit is refused with a status of 4xx that names the limit.

    Attributes:
        body: Bytes of a request's body.
        architectures: Architectures per request.
        nodes: Nodes of all architectures of a request together.
        rate: Requests per second from one address, on average; as many may come at once.
        seconds: Seconds for receiving a request, and again for answering it.
        at_once: Requests that are being answered at the same time.
        evaluations: Evaluations of a search.
        searches: Searches that run at the same time.
    """

    body: int = 16 * 2**20
    architectures: int = 10_000
    nodes: int = 200_000
    rate: float = 1000.0
    seconds: float = 30.0
    at_once: int = 256
    evaluations: int = 1000
    searches: int = 1


@dataclass(frozen=True)
class Access:
    """Who may use a service.

    Attributes:
        token: What clients send as `Authorization: Bearer TOKEN`; None if they need none.
        hosts: Names that a request may call the service by; None for any. Without a token they are those of this
            machine, so that no web page can reach the service under a name of its own.
    """

    token: str | None = None
    hosts: frozenset[str] | None = None

    def __repr__(self) -> str:  # never the token
        return f"Access(token={'set' if self.token else 'none'}, hosts={self.hosts})"

    @classmethod
    def of(cls, host: str, token: str | None, open_to_all: bool = False) -> Access:
        """Decide who may use a service at an address.

        Args:
            host: The address or name to bind to.
            token: The token, if there is one.
            open_to_all: Whether other machines may use it without a token.

        Raises:
            ArchflowError: If other machines could use it without a token, and this was not asked for.
        """
        local = _is_local(host)
        if token is None and not local and not open_to_all:
            raise ArchflowError(
                f"--host {shown(host)}: other machines could use the service without a token; set {TOKEN_VARIABLE} or "
                "give --token-file, or allow it with --without-token"
            )
        names = frozenset({"localhost", "127.0.0.1", "::1", host.lower()})
        return cls(token, names if token is None and local else None)


def read_token(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Read the token from a file or, without one, from `ARCHFLOW_TOKEN`; None if neither is given.

    Raises:
        ArchflowError: If the file cannot be read, or the token is too short or has characters that a header cannot
            hold. The message does not contain it.
    """
    if file is not None:
        try:
            token, where = regular_file(file).read_text(encoding="utf-8").strip(), f"--token-file {file}"
        except (OSError, UnicodeDecodeError) as error:
            raise ArchflowError(f"--token-file {file}: cannot be read ({reason(error)})") from None
    elif TOKEN_VARIABLE in environment:
        token, where = environment[TOKEN_VARIABLE].strip(), TOKEN_VARIABLE
    else:
        return None
    if not _TOKEN.fullmatch(token):
        raise ArchflowError(f"{where}: a token is 16 to 512 ASCII characters without blanks, on one line")
    return token


def _is_local(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
