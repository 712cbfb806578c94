"""Memory: how much this process can have, and one line instead of asking for more."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from archflow.errors import ArchflowError

ALWAYS = 1 << 28
"""Bytes of content that any file may have."""

TIMES = 1000
"""How often a file's own size its content may be: tables of architectures and images compress to a tenth."""

_CONTROL_GROUP = Path("/sys/fs/cgroup/memory.max")


def available() -> int:
    """Bytes of main memory that this process can have: the machine's, or less where the process is limited."""
    bounds = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    limits = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    bounds += [limit for limit in limits if limit != resource.RLIM_INFINITY]
    if _CONTROL_GROUP.is_file() and (content := _CONTROL_GROUP.read_text().strip()).isdigit():
        bounds.append(int(content))
    return min(bounds)


def check_memory(what: str, needed: float) -> None:
    """Refuse what cannot fit in memory, before anything is allocated.

    Args:
        what: What needs it, with its settings.
        needed: Bytes, at the least.

    Raises:
        ArchflowError: If it is more than there is.
    """
    there = available()
    if needed > there:
        raise ArchflowError(
            f"{what}: takes at least {needed / 2**30:,.0f} GiB of memory, there are {there / 2**30:,.0f}; "
            "make it smaller"
        )


def credible_content(path: Path) -> int:
    """Bytes that the content of a file may have, in proportion to the file."""
    return max(ALWAYS, TIMES * path.stat().st_size)


def largest_content(path: Path) -> int:
    """Bytes that the content of a file may take in memory: what is credible, and at most half of what there is."""
    return min(credible_content(path), available() // 2)


def check_content(path: Path, content: int, most: int | None = None) -> None:
    """Refuse a file that asks for too much memory.

    Args:
        path: A file.
        content: Bytes that it would take in memory.
        most: Bytes that it may take; by default, `largest_content`.

    Raises:
        ArchflowError: If it asks for more.
    """
    if content > (largest_content(path) if most is None else most):
        raise ArchflowError(
            f"{path}: asks for {content / 1e9:,.1f} GB of memory with {path.stat().st_size / 1e6:,.1f} MB on disk; it "
            "is damaged, made to do harm, or too large for this machine"
        )
