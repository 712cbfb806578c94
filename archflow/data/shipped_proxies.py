"""Zero-cost proxies shipped with the package for cells whose own tables have none.

Each file `SPACE.proxies.parquet` beside this module is a table of architectures of that search space with columns
`zc_*`; its card `SPACE.proxies.json` says what they were computed on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table, read_table
from archflow.spaces import SPACES

FOLDER = Path(__file__).parent
ENDING = ".proxies.parquet"


def shipped_proxies(architectures: ArchitectureSet) -> dict[str, NDArray[np.float64]]:
    """(N,) the shipped proxies by name, NaN for architectures without; empty if no architecture has any.

    Isomorphic architectures have the same values.
    """
    for path in sorted(FOLDER.glob(f"*{ENDING}")):
        space = path.name.removesuffix(ENDING)
        if set(_vocabulary(space).ops) >= set(architectures.vocabulary.ops):
            rows = rows_of(_table(path).architectures.hashes, architectures.hashes)
            if (rows >= 0).any():
                metrics = _table(path).metrics
                return {name: np.where(rows >= 0, metrics[name][rows], np.nan) for name in metrics}
    return {}


def _vocabulary(space: str) -> Vocabulary:
    return SPACES.get(space)().vocabulary


@cache
def _table(path: Path) -> Table:
    return read_table(path, _vocabulary(path.name.removesuffix(ENDING)))
