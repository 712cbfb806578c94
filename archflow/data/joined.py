"""Several tables as one set to pre-train on, with a shared vocabulary and proxies ranked within each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.data.proxies import places, proxy, tells_apart
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.streamed import concatenated
from archflow.graph.synonyms import known_as
from archflow.graph.table import Table


@dataclass(frozen=True)
class Unlabelled:
    """The input of pre-training. proxies: (N,) values by name, NaN where missing."""

    architectures: ArchitectureSet
    proxies: Mapping[str, NDArray[np.float64]]


def joined(tables: Mapping[str, Table], proxies: Iterable[str], known: Iterable[str] = ()) -> Unlabelled:
    """Join the architectures of all tables, in order, with the given proxies.

    tables: by the names used in errors. known: operations that come first in the shared vocabulary, so that their ids
    equal those in a vocabulary of only these; the others follow in the tables' order.

    Operations are identified by name, except that synonyms (`SYNONYMS`) get the name that comes first.
    The scale of a proxy may differ between tables (networks of other sizes, other measurements). With several tables,
    each value is therefore replaced by its relative rank within its own table, between 0 and 1, with ties equal; values
    of different tables are never compared directly. The proxies of a single table are kept as they are.

    Raises ArchflowError, naming the table, if it lacks a proxy or, with several tables, if its values of a proxy are
    all missing or all equal.
    """
    names = dict.fromkeys(known)
    for table in tables.values():
        own = table.architectures.vocabulary
        names |= {op: None for op in own.ops if known_as(op, names, own) is None}
    vocabulary = Vocabulary(tuple(names))
    recoded = [table.architectures.recoded(vocabulary) for table in tables.values()]
    values = {name: [_values(table, name, data) for data, table in tables.items()] for name in proxies}
    if len(tables) == 1:
        return Unlabelled(recoded[0], {name: only for name, (only,) in values.items()})
    ranked = {
        name: np.concatenate([_places(v, name, data) for data, v in zip(tables, each, strict=True)])
        for name, each in values.items()
    }
    return Unlabelled(concatenated(recoded), ranked)


def _values(table: Table, name: str, data: str) -> NDArray[np.float64]:
    try:
        return proxy(table, name)
    except ArchflowError as error:
        raise ArchflowError(f"{data}: {error}") from None


def _places(values: NDArray[np.float64], name: str, data: str) -> NDArray[np.float64]:
    if not tells_apart(values):
        raise ArchflowError(f"{data}: proxy {name!r} has fewer than two different values: nothing to rank")
    return places(values)
