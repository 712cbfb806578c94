"""Zero-cost proxies of a table: its columns, what the package carries, and what archflow can always compute itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.data.shipped_proxies import shipped_proxies
from archflow.errors import ArchflowError
from archflow.features.known import is_proxy
from archflow.graph import ArchitectureSet
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table
from archflow.spaces import SPACES, NetworkSpace

DEFAULTS = ("depth", "edges", "nodes", "params", "flops")
"""What a table of one's own is ranked by where nothing else is said, in the order of preference."""


def proxy(table: Table, name: str) -> NDArray[np.float64]:
    """(N,) a proxy by name; NaN where the table has no value.

    name: a column of the table; else one of `structural_proxies`; else a `zc_*` that the package carries for these
    architectures (see `archflow.data.shipped_proxies`); else `params` or `flops` where the operations are those of a
    search space that archflow can build networks of (with that space's published settings).

    Raises ArchflowError that lists what there is.
    """
    if name in table.metrics:
        return table.metrics[name]
    computed = structural_proxies(table.architectures)
    if name not in computed:
        computed |= shipped_proxies(table.architectures)
    if name not in computed:
        computed |= _costs(table.architectures)
    if name not in computed:
        there = ", ".join([*table.metrics, *computed])
        raise ArchflowError(f"no proxy {name!r}: neither a column nor computable; there are: {there}")
    return computed[name]


def structural_proxies(architectures: ArchitectureSet) -> dict[str, NDArray[np.float64]]:
    """What any graph tells: `depth`, `nodes`, `edges`, and `count:OPERATION` for every operation; (N,) each."""
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
    """The first of `DEFAULTS`, or the first count of an operation, that ranks the architectures of every table.

    Raises:
        ArchflowError: There is none.
    """
    counts = [f"count:{op}" for op in tables[0].architectures.vocabulary.ops]
    for name in (*DEFAULTS, *counts):
        try:
            if all(tells_apart(proxy(table, name)) for table in tables):
                return name
        except ArchflowError:
            continue  # one of the tables has not got it
    raise ArchflowError("no proxy: the architectures differ in no count; name a column, or choose a task without")


def proxy_columns(table: Table) -> list[str]:
    """The columns that are proxies by name and rank anything: `zc_*`, and counts of parameters and operations."""
    named = [name for name in table.metrics if is_proxy(name)]
    return [name for name in named if tells_apart(table.metrics[name])]


def tells_apart(values: NDArray[np.float64]) -> bool:
    """Whether a proxy ranks anything: two of its values (N,) differ."""
    return len(np.unique(values[np.isfinite(values)])) > 1


def places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) of every finite value the share of them that are smaller, and half of those that are equal; NaN for the
    others."""
    from scipy.stats import rankdata

    present = np.isfinite(values)
    shares = np.full(len(values), np.nan)
    shares[present] = (rankdata(values[present]) - 0.5) / max(1, present.sum())
    return shares


def with_proxies(table: Table, more: Table) -> Table:
    """The table with the columns zc_* of another one, taken architecture by architecture (isomorphic ones count as
    one); NaN for those that it does not have.

    Raises ArchflowError if it has no such column, or none of the architectures.
    """
    columns = [name for name in more.metrics if name.startswith("zc_")]
    if not columns:
        raise ArchflowError("the table of proxies has no column zc_*; `archflow proxies` writes such a table")
    rows = rows_of(more.architectures.hashes, table.architectures.hashes)
    if not (rows >= 0).any():
        raise ArchflowError("the table of proxies has none of the data's architectures")
    return table.with_metrics({name: np.where(rows >= 0, more.metrics[name][rows], np.nan) for name in columns})
