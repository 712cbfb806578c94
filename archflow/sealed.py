"""JSON content that carries its own digest: what was changed, cut or mixed up on disk is noticed before it is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import read_json, write_json

_KEY = "digest"


def seal(content: Mapping[str, Any], after: str = "") -> dict[str, Any]:
    """The content with its digest under the key `digest`.

    Args:
        content: What JSON can hold, without that key.
        after: What the content belongs behind, such as the digest of the line before; it becomes part of the digest.
    """
    return {**content, _KEY: _digest(content, after)}


def unseal(content: Any, after: str = "") -> dict[str, Any]:
    """What was sealed, without the digest.

    Args:
        content: Whatever JSON gave.
        after: As in `seal`.

    Raises:
        ArchflowError: If the content has no digest, or another one.
    """
    stated = digest_of(content)
    if not stated:
        raise ArchflowError("it carries no digest; it is damaged, of an older archflow or not ours")
    bare = {key: value for key, value in content.items() if key != _KEY}
    try:
        sound = stated == _digest(bare, after)
    except (ValueError, RecursionError):  # NaN, or nested as nothing of ours is
        sound = False
    if not sound:
        raise ArchflowError("its content does not fit its digest; it is damaged or was changed")
    return bare


def digest_of(content: Any) -> str:
    """The digest that a sealed content states; empty if it states none."""
    stated = content.get(_KEY) if isinstance(content, dict) else None
    return stated if isinstance(stated, str) else ""


def write_sealed(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write a sealed JSON file, whole or not at all."""
    write_json(path, seal(content))


def read_sealed(path: str | Path) -> dict[str, Any]:
    """Read what `write_sealed` wrote. Raises ArchflowError, naming the file, if it is missing or not as written."""
    content = read_json(path)
    try:
        return unseal(content)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


def _digest(content: Mapping[str, Any], after: str) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.blake2b(f"{after}\n{text}".encode(), digest_size=8).hexdigest()
