"""Requests that are refused: one exception, and one shape of every error that a client gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """A request that cannot be answered.

    Args:
        status: The HTTP status.
        message: One line: what is wrong, and how to correct it.
        where: The part of the request that it is about, such as `architectures.3.ops`; empty for the whole.
        headers: Further headers of the response.
    """

    def __init__(self, status: int, message: str, where: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.where = status, " ".join(message.splitlines()), where
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The body of the response, as plain JSON values."""
        return {"error": {"status": self.status, "where": self.where, "message": self.message}}

    @property
    def content(self) -> bytes:
        """The body of the response; what cannot be written in UTF-8 is escaped."""
        return json.dumps(self.body).encode()
