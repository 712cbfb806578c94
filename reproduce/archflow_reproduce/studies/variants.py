"""Encoders with other settings than the published ones, such as "ledg_former masks=1 text=true"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.configured import parsed
from archflow.encoders import ENCODERS
from archflow.pretext.settings import checked


def variant(name: str) -> tuple[str, Mapping[str, Any]]:
    """The registered name of an encoder, and the settings that follow it.

    Args:
        name: `ENCODER`, or `ENCODER SETTING=VALUE ...`, separated by blanks.

    Raises:
        ArchflowError: If there is no such encoder or setting, or the setting has a value of another type.
    """
    encoder, *settings = name.split()
    kind = ENCODERS.get(encoder)
    given = parsed([f"{encoder}.{each}" for each in settings], "ENCODER SETTING=VALUE, such as ledg_former masks=1")
    return encoder, checked(encoder, kind, given[encoder]) if settings else {}
