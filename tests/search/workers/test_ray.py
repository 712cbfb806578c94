"""Workers on a local Ray cluster."""

import numpy as np
import pytest

pytest.importorskip("ray", reason="the extra ray is not installed")

import ray

from archflow.search.budget import Budget
from archflow.search.evaluators.function import FunctionEvaluator
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Problem
from archflow.search.stopping.median import Median
from archflow.search.study import Study
from archflow.search.workers.base import Job
from archflow.search.workers.ray_workers import ray_workers
from archflow.spaces import NASBench201
from tests.search.measurements import by_epoch, dies_twice, noisy, trouble
from tests.search.workers.test_processes import WRONG, cells, finished, go_on


@pytest.fixture(scope="module")
def workers():
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
    yield ray_workers(3)
    ray.shutdown()


def test_a_killed_worker_costs_its_evaluation_alone(workers, tmp_path):
    searcher = RandomSearch(Problem(NASBench201(), "value"), 0)
    outcome = Study(searcher, FunctionEvaluator(dies_twice), tmp_path, Budget(queries=12), workers=workers).run()
    failures = {each.failure for each in outcome.records if each.failure}
    assert failures == {"its worker died, perhaps for lack of memory"}
    assert len(outcome.records) == 12
    assert sum(not each.failure for each in outcome.records) >= 6


def test_what_goes_wrong_is_a_line_each(workers):
    wrong = {0: WRONG[0], 1: "no result after 3 s", 2: "its worker died, perhaps for lack of memory", 3: WRONG[3]}
    with workers(Job(trouble, ("score",), go_on, 3.0), 0.0) as started:
        found = finished(started, cells(wrong))
    assert {number: each.failure for number, each in found.items()} == wrong


def test_it_finds_what_processes_find(workers, tmp_path):
    found = []
    for chosen in (workers, 0):
        searcher = RandomSearch(Problem(NASBench201(), "score"), 3)
        study = Study(searcher, noisy, tmp_path / str(bool(chosen)), Budget(queries=9), workers=chosen)
        found.append({each.number: each.metrics for each in study.run().records})
    assert found[0] == found[1]


def test_curves_are_stopped(workers, tmp_path):
    searcher = RandomSearch(Problem(NASBench201(), "score"), 3)
    evaluate = FunctionEvaluator(by_epoch)
    study = Study(searcher, evaluate, tmp_path, Budget(queries=20), workers=workers, stopping=Median(3))
    stopped = [each for each in study.run().records if each.stopped]
    assert stopped
    assert all(each.epochs < 9 for each in stopped)
    assert np.isfinite([each.metrics["score"] for each in stopped]).all()
