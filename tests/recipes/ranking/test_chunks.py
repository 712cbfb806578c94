from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.recipes.ranking import chunks
from archflow.recipes.ranking.candidates import CHUNK
from archflow.recipes.ranking.scoring import Scorer
from tests.recipes.ranking.streams import job


def same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.digests, other.digests)
        assert np.array_equal(one.best.score, other.best.score)
        assert np.array_equal(one.best.number, other.best.number)


def test_results_come_in_order_and_few_are_ahead():
    begun, taken = [], []

    def submit(number):
        begun.append(number)
        assert number - 4 < len(taken) + 3
        future = Future()
        future.set_result(number)
        return future

    for each in chunks.in_order(submit, range(4, 12), 3):  # pyright: ignore
        taken.append(each)
    assert taken == begun == list(range(4, 12))


def test_processes_find_what_this_process_finds(folder):
    asked = replace(job("nasbench201", 2 * CHUNK + 5, 50), predictor=folder)
    same(list(chunks.processes(2)(asked, range(1, 3))), list(chunks.processes(1)(asked, range(1, 3))))


@pytest.fixture
def dying(monkeypatch):
    """Executors; how many chunks each of them scores before a process of it dies."""
    chunks_scored = []

    class Executor(nullcontext):
        def __init__(self, count, context, prepare, arguments):
            super().__init__()
            self.score, self.left = Scorer(*arguments), chunks_scored.pop(0)

        def submit(self, function, number):
            future = Future()
            self.left -= 1
            if self.left < 0:
                future.set_exception(BrokenProcessPool("a process died"))
            else:
                future.set_result(self.score(number))
            return future

    monkeypatch.setattr(chunks, "ProcessPoolExecutor", Executor)
    return chunks_scored


def test_a_process_that_dies_changes_nothing(dying):
    dying += [2, 0, 1, 0, 9]
    asked = job("nasbench201", 5 * CHUNK, 20)
    same(list(chunks.processes(2)(asked, range(5))), list(chunks.processes(1)(asked, range(5))))
    assert dying == []


def test_processes_that_only_die_are_an_error(dying):
    dying += [1, 0, 0, 0]
    with pytest.raises(ArchflowError, match="worker processes died"):
        list(chunks.processes(2)(job("nasbench201", 2 * CHUNK, 2), range(2)))
