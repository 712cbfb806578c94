"""Reading the architecture from a configuration of another framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.errors import ArchflowError
from archflow.search.adapters.follower import Follower

ARCHITECTURE, ORIGIN = "architecture", "origin"
"""Keys of a configuration: the native string of its architecture, and why it was proposed."""


def native_in(configuration: Mapping[str, Any], follower: Follower, name: str) -> str:
    """Return the native string in a configuration.

    Args:
        configuration: The configuration of a trial.
        follower: Knows the space.
        name: What error messages call the trial, such as "trial 3".

    Raises:
        ArchflowError: If there is no native string, or it is not of the space.
    """
    if ARCHITECTURE not in configuration:
        keys = ", ".join(map(str, configuration)) or "nothing"
        raise ArchflowError(f"{name} has no {ARCHITECTURE!r} but {keys}: give trials of archflow, or begin without any")
    try:
        follower.key(configuration[ARCHITECTURE])
    except ArchflowError as error:
        raise ArchflowError(f"{name} is not of the space {follower.space.name}: {error}") from None
    return configuration[ARCHITECTURE]
