import re

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.evaluators.function import FunctionEvaluator
from archflow.search.workers.base import Finished, Job, Workers
from archflow.search.workers.inline import InlineWorker
from archflow.search.workers.processes import ProcessWorkers
from archflow.spaces import NASBench201
from tests.search.measurements import by_epoch, killed, lingers, noisy, trouble

WRONG = {
    0: "RuntimeError: no convolution",
    1: "no result after 0.5 s",
    2: "its worker process died (exit code 9)",
    3: "score is nan",
    4: "the evaluation gave 'score' as 'high', which is not a number",
    5: "the evaluation gave no 'score'; it gave: other",
    6: "SystemExit: enough",
}


def cells(counts):
    """A cell with each number of convolutions."""
    space, generator = NASBench201(), np.random.default_rng(0)
    drawn = list(space.sample(400, generator))
    return [next(each for each in drawn if sum("conv" in op for op in each.ops) == count) for count in counts]


def finished(workers: Workers, architectures) -> dict[int, Finished]:
    found, waiting = {}, list(enumerate(architectures))
    while waiting or len(found) < len(architectures):
        while waiting and workers.free:
            number, architecture = waiting.pop(0)
            workers.start(number, architecture, seed=number)
        for each in workers.wait():
            found[each.number] = each
    return found


def go_on(under_way):
    return False


def test_one_that_hangs_or_dies_costs_its_evaluation_alone():
    architectures = cells([*WRONG, 0])
    with ProcessWorkers(Job(trouble, ("score",), go_on, 0.5), 2) as workers:
        found = finished(workers, architectures)
        assert workers.free == 2
    assert {number: each.failure for number, each in found.items()} == {**WRONG, 7: WRONG[0]}
    assert not any(each.metrics for each in found.values())


def test_results_and_curves_come_back():
    architectures = cells([2, 3, 4])
    with ProcessWorkers(
        Job(FunctionEvaluator(by_epoch), ("score",), lambda each: each.number == 1 and each.epochs == 3), 2
    ) as w:
        found = finished(w, architectures)
    assert [found[n].curve for n in range(3)] == [
        [(1, {"score": 2.0}), (3, {"score": 6.0}), (9, {"score": 18.0})],
        [(1, {"score": 3.0}), (3, {"score": 9.0})],
        [(1, {"score": 4.0}), (3, {"score": 12.0}), (9, {"score": 36.0})],
    ]
    assert [found[n].stopped for n in range(3)] == [False, True, False]
    assert all(each.end >= each.begin >= 0 for each in found.values())


def test_a_process_that_is_closed_ends_without_a_word(capfd):
    with ProcessWorkers(Job(lingers, ("score",), go_on), 1) as workers:
        finished(workers, cells([2]))
    assert capfd.readouterr().err == ""


def test_a_killed_process_perhaps_lacked_memory():
    with ProcessWorkers(Job(killed, ("score",), go_on), 1) as workers:
        found = finished(workers, cells([2]))
    assert found[0].failure == "its worker process died (signal 9), perhaps for lack of memory"


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ArchflowError, match=r"cannot be sent to another process .* or workers=0"):
        ProcessWorkers(Job(lambda a, s: 1.0, (), go_on), 1)


def test_this_process_gives_the_same_as_another():
    architectures = cells([1, 5])
    inline = finished(InlineWorker(Job(noisy, ("score",), go_on)), architectures)
    with ProcessWorkers(Job(noisy, ("score",), go_on), 1) as workers:
        found = finished(workers, architectures)
    assert {n: each.metrics for n, each in inline.items()} == {n: each.metrics for n, each in found.items()}


def test_failures_are_one_line():
    found = finished(InlineWorker(Job(trouble, ("score",), go_on)), cells([0, 3, 4, 5, 6]))
    assert all(re.fullmatch(".+", each.failure) for each in found.values())
