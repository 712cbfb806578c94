"""Concurrent requests are joined, and none fails by another."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.graph.table import Table
from archflow.service.batching import Batcher


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Held:
    """Counts the nodes of each architecture, once it is let go."""

    def __init__(self):
        self.sizes, self.begun, self.free = [], threading.Event(), threading.Event()

    def __call__(self, table):
        self.sizes.append(len(table))
        self.begun.set()
        assert self.free.wait(10)
        if "output" not in table.architectures.vocabulary.ops:
            raise ArchflowError("no output")
        if len(table) == 3:
            raise ArchflowError("three")
        return {"nodes": table.architectures.node_counts}


async def asked(batcher, held, tables):
    """Ask for the first, and for all others while it runs."""
    first = asyncio.create_task(batcher(tables[0]))
    await asyncio.to_thread(held.begun.wait, 10)
    others = [asyncio.create_task(batcher(table)) for table in tables[1:]]
    await asyncio.sleep(0)
    return first, others


def test_what_waits_is_joined_and_everyone_gets_their_rows(pool, cells):
    held = Held()
    batcher, counted = Batcher(held, pool, most=8), []
    batcher.sizes = counted.append
    tables = [Table(cells.architectures.select(np.arange(n) + n)) for n in (2, 1, 5, 2, 4)]

    async def main():
        first, others = await asked(batcher, held, tables)
        held.free.set()
        return await asyncio.gather(first, *others)

    for table, found in zip(tables, asyncio.run(main()), strict=True):
        np.testing.assert_array_equal(found["nodes"], table.architectures.node_counts)
    assert held.sizes == [2, 8, 4]  # the last one would exceed the maximum
    assert counted == [1, 3, 1]


def test_one_that_fails_does_not_fail_the_others(pool, cells):
    held = Held()
    batcher = Batcher(held, pool)
    together, apart = (
        [Table(cells.architectures.select(np.arange(n))) for n in sizes] for sizes in ((1, 3, 2), (1, 1, 2))
    )

    async def main(tables):
        held.begun.clear()
        held.free.clear()
        first, others = await asked(batcher, held, tables)
        held.free.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    assert [len(found["nodes"]) for found in asyncio.run(main(together))] == [1, 3, 2]
    assert [len(found["nodes"]) for found in asyncio.run(main(apart))] == [1, 1, 2]
    assert held.sizes == [1, 5, 1, 3, 1, 2]  # the last two fail together, and are then computed alone


def test_other_columns_or_operations_are_not_joined(pool, cells):
    held = Held()
    batcher = Batcher(held, pool)
    plain = Table(cells.architectures.select([0]))
    renamed = Vocabulary(tuple(f"{op}_" for op in plain.architectures.vocabulary.ops))
    other = Table(plain.architectures.replaced(vocabulary=renamed))
    tables = [plain, plain.with_metrics({"x": [1.0]}), plain, other, plain]

    async def main():
        first, others = await asked(batcher, held, tables)
        held.free.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    found = asyncio.run(main())
    assert held.sizes == [1, 1, 2, 1]
    assert [isinstance(each, ArchflowError) for each in found] == [False, False, False, True, False]


def test_what_was_given_up_is_not_computed(pool, cells):
    held = Held()
    batcher = Batcher(held, pool)
    tables = [Table(cells.architectures.select(np.arange(n))) for n in (1, 4, 2)]

    async def main():
        first, (given_up, last) = await asked(batcher, held, tables)
        given_up.cancel()
        await asyncio.sleep(0)
        held.free.set()
        return await asyncio.gather(first, last)

    asyncio.run(main())
    assert held.sizes == [1, 2]


def test_a_large_request_leaves_others_their_turn(pool, cells):
    held = Held()
    batcher = Batcher(held, pool, most=12)

    async def main():
        large, (small,) = await asked(batcher, held, [Table(cells.architectures), Table(cells.architectures[:1])])
        held.free.set()
        await small
        assert not large.done()
        return await large

    found = asyncio.run(main())
    np.testing.assert_array_equal(found["nodes"], cells.architectures.node_counts)
    assert held.sizes == [12, 1, 12, 6]
