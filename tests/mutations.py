"""Descriptions that are well-formed and wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from archflow.errors import ArchflowError

DEEP: Any = 0
for _ in range(150):
    DEEP = [DEEP]

OTHERS = (None, True, -1, 0, 1.5, 10**6, 10**9, 10**400, "", "x\ny", "../elsewhere", [], {}, [1], {"a": 1}, DEEP)
"""What takes the place of a part; 10**400 is infinite as a float."""


def mutated(content: Any, count: int, seed: int) -> Iterator[Any]:
    """`count` copies of JSON content that differ from it in one part, chosen at random."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        copied = copy.deepcopy(content)
        parents = [each for each in _containers(copied) if each]
        parent: Any = parents[rng.integers(len(parents))]
        keys = list(parent) if isinstance(parent, dict) else range(len(parent))
        key = keys[rng.integers(len(keys))]
        kind = rng.integers(6)
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, dict):
            parent[f"{key}x"] = parent[key]
        elif kind == 1:
            parent.append(parent[key])
        else:
            parent[key] = OTHERS[rng.integers(len(OTHERS))]
        yield copied


def _containers(content: Any) -> Iterator[Any]:
    if isinstance(content, dict | list):
        yield content
        for part in content.values() if isinstance(content, dict) else content:
            yield from _containers(part)


def check_loads_or_refuses(load: Callable[[], Any], begins: str = "") -> None:
    """Fail unless `load` succeeds, or raises one line of a sensible length with this beginning."""
    line = begins
    try:
        load()
    except ArchflowError as error:
        line = str(error)
    assert line.startswith(begins)
    assert len(line.splitlines()) <= 1
    assert len(line) < 2000
