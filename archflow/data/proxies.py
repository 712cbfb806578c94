"""Zero-cost proxies of a table: its columns, those shipped with the package, and those that archflow can compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.data.shipped_proxies import shipped_proxies
from archflow.errors import ArchflowError
from archflow.features.known import is_proxy
from archflow.graph import ArchitectureSet
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.spaces import SPACES, NetworkSpace

Proxies = dict[str, NDArray[np.float64]]
"""(N,) values by name."""

DEFAULTS = ("depth", "edges", "nodes", "params", "flops")
"""Default proxies for a user's own table, in order of preference."""


def proxy(table: Table, name: str) -> NDArray[np.float64]:
    """Look up a proxy (N,) by name; NaN where the table has no value.

    name: a column of the table; else one of `structural_proxies`; else a `zc_*` shipped with the package for these
    architectures (see `archflow.data.shipped_proxies`); else `params` or `flops` if the operations are those of a
    search space whose networks archflow can build (with that space's published settings).

    Raises ArchflowError, listing the available proxies, if there is none of that name.
    """
    if name in table.metrics:
        return table.metrics[name]
    computed = _of_pieces(structural_proxies, table.architectures)
    if name not in computed:
        computed |= shipped_proxies(table.architectures)
    if name not in computed:
        computed |= _of_pieces(_costs, table.architectures)
    if name not in computed:
        there = alternatives(name, [*table.metrics, *computed])
        raise ArchflowError(f"no proxy {name!r}: neither a column nor computable; {there}")
    return computed[name]


def _of_pieces(compute: Callable[[ArchitectureSet], Proxies], architectures: ArchitectureSet) -> Proxies:
    """The proxies that all parts of the set have."""
    found = [compute(some) for some in architectures.pieces()]
    names = [name for name in found[0] if all(name in each for each in found)]
    return {name: np.concatenate([each[name] for each in found]) for name in names}


def structural_proxies(architectures: ArchitectureSet) -> dict[str, NDArray[np.float64]]:
    """Proxies of any graph: `depth`, `nodes`, `edges`, and `count:OPERATION` for each operation; (N,) each."""
    counts = architectures.op_counts
    by_op = {f"count:{op}": counts[:, i] for i, op in enumerate(architectures.vocabulary.ops)}
    columns = {
        "depth": architectures.depths,
        "nodes": architectures.node_counts,
        "edges": architectures.edge_counts,
        **by_op,
    }
    return {name: values.astype(np.float64) for name, values in columns.items()}


def _costs(architectures: ArchitectureSet) -> dict[str, NDArray[np.float64]]:
    for name in SPACES.names():
        space = SPACES.get(name)()
        if isinstance(space, NetworkSpace) and set(space.vocabulary.ops) >= set(architectures.vocabulary.ops):
            try:
                return dict(space.costs(architectures))
            except ArchflowError:
                continue  # the operations fit, the wiring does not
    return {}


def default_proxy(tables: Sequence[Table]) -> str:
    """The first of `DEFAULTS`, or else the first operation count, that is not constant in any of the tables.

    Raises:
        ArchflowError: If there is none.
    """
    counts = [f"count:{op}" for op in tables[0].architectures.vocabulary.ops]
    for name in (*DEFAULTS, *counts):
        try:
            if all(tells_apart(proxy(table, name)) for table in tables):
                return name
        except ArchflowError:
            continue  # one of the tables lacks it
    raise ArchflowError("no proxy: the architectures differ in no count; name a column, or choose a task without")


def proxy_columns(table: Table) -> list[str]:
    """The columns that are proxies by name and not constant: `zc_*`, and counts of parameters and operations."""
    named = [name for name in table.metrics if is_proxy(name)]
    return [name for name in named if tells_apart(table.metrics[name])]


def tells_apart(values: NDArray[np.float64]) -> bool:
    """Whether a proxy is informative, that is, whether two of its values (N,) differ."""
    return len(np.unique(values[np.isfinite(values)])) > 1


def places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) relative ranks between 0 and 1.

    The rank of a finite value is the fraction of finite values that are smaller, plus half the fraction that are equal.
    The rank of other values is NaN.
    """
    from scipy.stats import rankdata

    present = np.isfinite(values)
    shares = np.full(len(values), np.nan)
    shares[present] = (rankdata(values[present]) - 0.5) / max(1, present.sum())
    return shares


def with_proxies(table: Table, more: Table) -> Table:
    """Add the columns zc_* of another table to a table.

    Rows are matched by architecture, where isomorphic ones count as equal. Architectures that the other table lacks get
    NaN.

    Raises:
        ArchflowError: If the other table has no column of proxies, or shares no architecture with this one.
    """
    columns = [name for name in more.metrics if name.startswith("zc_")]
    if not columns:
        raise ArchflowError("the table of proxies has no column zc_*; `archflow proxies` writes such a table")
    rows = rows_of(more.architectures.hashes, table.architectures.hashes)
    if not (rows >= 0).any():
        raise ArchflowError("the table of proxies has none of the data's architectures")
    return table.with_metrics({name: np.where(rows >= 0, more.metrics[name][rows], np.nan) for name in columns})
