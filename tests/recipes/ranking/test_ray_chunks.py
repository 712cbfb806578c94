"""Ranking with Ray: the parts with a stand-in for Ray, and a local cluster where Ray is installed."""

import os
import signal
import sys
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from archflow.errors import ArchflowError
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.chunks import in_this_process
from archflow.recipes.ranking.ray_chunks import contents, ray_chunks, unpacked
from archflow.recipes.ranking.stream import rank_space
from tests.recipes.ranking.streams import job
from tests.recipes.ranking.test_chunks import same


class Remote:
    """A function that is called at once."""

    def __init__(self, function):
        self.function = function

    def remote(self, *arguments):
        future = Future()
        future.set_result(self.function(*arguments))
        return SimpleNamespace(future=lambda: future)


@pytest.fixture
def ray_options(monkeypatch):
    """A module `ray` that computes here; the options that tasks were given."""
    given = []

    def remote(**options):
        given.append(options)
        return Remote

    ray = SimpleNamespace(is_initialized=lambda: True, remote=remote, put=lambda content: [content], get=lambda r: r[0])
    monkeypatch.setitem(sys.modules, "ray", ray)
    return given


def test_tasks_give_what_this_process_gives(ray_options, folder):
    asked = replace(job("nasbench201", 2 * CHUNK, 50), predictor=folder)
    same(list(ray_chunks(2, num_cpus=2)(asked, range(2))), list(in_this_process(asked, range(2))))
    assert ray_options == [{"num_cpus": 2, "max_retries": -1}]


def test_a_predictor_needs_no_common_file_system(folder, tmp_path):
    asked = replace(job("nasbench201", 20, 20), predictor=folder)
    files = contents(folder)
    assert "predictor.json" in files
    lost = replace(asked, predictor=tmp_path / "not here")
    same([unpacked(lost, files)(0)], list(in_this_process(asked, range(1))))
    with pytest.raises(ArchflowError):
        unpacked(lost, {})


def test_without_a_folder_or_without_ray_it_says_so(ray_options, monkeypatch):
    with pytest.raises(ArchflowError, match="save it and give the folder"):
        list(ray_chunks(2)(job("nasbench201", 20, 20), range(1)))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ArchflowError, match=r"pip install 'archflow\[ray\]'"):
        ray_chunks(2)


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@dataclass(frozen=True)
class Deadly(Candidates):
    """Kills the process that draws the third chunk, the first time."""

    mark: Path = Path()

    def chunk(self, number):
        if number == 2 and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().chunk(number)


@pytest.mark.parametrize(("count", "options"), [(1, {"num_cpus": 2}), (2, {})])
def test_a_killed_worker_changes_nothing(cluster, folder, tmp_path, count, options):
    mark = tmp_path / "killed"

    def killing(asked, chunks):
        deadly = Deadly(asked.candidates.space, asked.candidates.count, asked.candidates.seed, mark)
        return ray_chunks(count, **options)(replace(asked, candidates=deadly), chunks)

    found = rank_space(folder, "nasbench201", 6 * CHUNK, top=50, workers=killing)
    assert mark.exists()
    alone = rank_space(folder, "nasbench201", 6 * CHUNK, top=50)
    assert (found.rows(), found.candidates, found.distinct) == (alone.rows(), alone.candidates, alone.distinct)
