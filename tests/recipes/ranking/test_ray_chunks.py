"""Ranking with Ray: the parts with a stand-in for Ray, and a local cluster where Ray is installed."""

import sys
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import pytest

from archflow.errors import ArchflowError
from archflow.recipes.ranking.candidates import CHUNK
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


def test_a_killed_worker_changes_nothing(folder):
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    import psutil  # Ray needs it

    def killing(asked, chunks):
        for number, scored in enumerate(ray_chunks(2)(asked, chunks)):
            if number == 0:
                below = psutil.Process().children(recursive=True)
                workers = [each for each in below if "ray::_score" in " ".join(each.cmdline())]
                assert workers, "nothing is running"
                workers[0].kill()
            yield scored

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        found = rank_space(folder, "nasbench201", 8 * CHUNK, top=50, workers=killing)
    finally:
        ray.shutdown()
    assert found.rows() == rank_space(folder, "nasbench201", 8 * CHUNK, top=50).rows()
