"""Joining concurrent requests: what waits while a batch runs becomes the next batch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.table import Table

Results = Mapping[str, NDArray]
"""Results by name, each with one row per architecture."""

MOST = 1024
"""Architectures in a batch; a request with more is computed in several, between which others have their turn."""

_Waiting = tuple[Table, "asyncio.Future[Results]"]


class Batcher:
    """Calls a function on the joined tables of concurrent requests, in another thread.

    No request waits for others to come: a batch holds what came while the last one ran. Tables with columns of their
    own are not joined, nor are sets with different operations or attributes.

    Args:
        run: A table of N architectures -> columns of N rows, each row independent of the others.
        pool: Where it runs.
        most: The maximum number of architectures in a batch.
    """

    def __init__(self, run: Callable[[Table], Results], pool: Executor, most: int = MOST) -> None:
        self._run, self._pool, self._most = run, pool, most
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self.sizes: Callable[[int], None] = lambda requests: None
        """Called with the number of requests of each batch."""

    async def __call__(self, table: Table) -> Results:
        """The columns of one request. Raises what the function raises for this table alone."""
        if len(table) <= self._most:
            return await self._once(table)
        parts = []
        for first in range(0, len(table), self._most):
            rows = np.arange(first, min(first + self._most, len(table)))
            parts.append(await self._once(table.select(rows)))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    async def _once(self, table: Table) -> Results:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((table, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._next()
            if batch:
                await self._answer(batch)

    def _next(self) -> list[_Waiting]:
        """Take the first request and those that can be joined to it; requests given up by their clients are dropped."""
        alive = deque(each for each in self._waiting if not each[1].done())
        self._waiting.clear()
        batch: list[_Waiting] = []
        count = 0
        for table, future in alive:
            joins = batch and count + len(table) <= self._most and _kind(table) == _kind(batch[0][0]) is not None
            if not batch or joins:
                batch.append((table, future))
                count += len(table)
            else:
                self._waiting.append((table, future))
        return batch

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        tables = [table for table, _ in batch]
        try:
            self.sizes(len(batch))
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, _joined(tables))
        except Exception as error:
            if len(batch) > 1:  # a request that cannot be answered must not fail the others
                for each in batch:
                    await self._answer([each])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        ends = np.cumsum([len(table) for table in tables])
        for (table, future), end in zip(batch, ends.tolist(), strict=True):
            if not future.done():
                future.set_result({name: values[end - len(table) : end] for name, values in found.items()})


def _kind(table: Table) -> tuple | None:
    """What tables must have in common to be joined; None for one that cannot be."""
    own = table.architectures
    return None if table.column_names else (own.vocabulary, own.attribute_names)


def _joined(tables: Sequence[Table]) -> Table:
    if len(tables) == 1:
        return tables[0]
    return Table(ArchitectureSet.concatenate([table.architectures for table in tables]))
