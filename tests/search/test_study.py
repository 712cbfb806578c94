import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from archflow.data.journal import open_journal
from archflow.errors import ArchflowError
from archflow.search.budget import Budget
from archflow.search.methods.random_search import RandomSearch
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from archflow.search.problem import Problem
from archflow.search.stopping.median import Median
from archflow.search.stopping.successive_halving import SuccessiveHalving
from archflow.search.study import JOURNAL, Study
from archflow.spaces import SPACES
from tests.search.measurements import Slow, noisy
from tests.search.studies import asked, study

KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.search.test_study import slow_study
if __name__ == "__main__":
    slow_study(Path(sys.argv[1]), int(sys.argv[2])).run()
"""


def slow_study(folder: Path, workers: int, seconds: float = 0.1, budget: int = 8) -> Study:
    problem = Problem(SPACES.get("nasbench201")(), "score")
    searcher = RegularizedEvolution(problem, 5, population=4, tournament=2, initial=2)
    return Study(searcher, Slow(folder / "log", seconds), folder, Budget(queries=budget), workers=workers)


def measurements(done: Study) -> list[object]:
    return [(each.number, each.metrics, each.failure, each.epochs) for each in done.run().records]


def cut(folder: Path, lines: int, torn: bytes = b"") -> None:
    """Leave the journal as a kill after so many lines would."""
    content = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    assert 1 < lines < len(content)
    (folder / JOURNAL).write_bytes(b"".join(content[:lines]) + torn)


@pytest.mark.parametrize(("workers", "rule"), [(1, None), (3, None), (1, Median(3)), (4, Median(3))])
def test_a_killed_search_resumes_as_if_nothing_had_happened(tmp_path: Path, workers, rule) -> None:
    given = {"workers": workers, "stopping": rule, "metric": "acc_36" if rule else "score"}
    undisturbed = study(tmp_path / "a", **given)
    expected = measurements(undisturbed)
    whole = len((tmp_path / "a" / JOURNAL).read_bytes().splitlines())
    for lines in (2, 3, 10, 14, 18, 22, whole - 1):
        folder = tmp_path / str(lines)
        folder.mkdir()
        (folder / JOURNAL).write_bytes((tmp_path / "a" / JOURNAL).read_bytes())
        cut(folder, lines, torn=b'{"told": {"num')
        resumed = study(folder, **given)
        assert measurements(resumed) == expected
        assert asked(resumed) == asked(undisturbed)
        assert (folder / JOURNAL).read_bytes() == (tmp_path / "a" / JOURNAL).read_bytes()


@pytest.mark.parametrize("name", ["nasbench101", "nasbench_graph", "ofa_mobilenetv3"])
def test_architectures_come_back_node_by_node(tmp_path: Path, name: str) -> None:
    def made(folder: Path) -> Study:
        searcher = RegularizedEvolution(Problem(SPACES.get(name)(), "score"), 2, initial=3)
        return Study(searcher, noisy, folder, Budget(queries=6), workers=0)

    first = made(tmp_path)
    first.run()
    again = made(tmp_path)
    again.run()
    for before, after in zip(first.searcher.history.architectures, again.searcher.history.architectures, strict=True):
        assert before == after
        assert before.attributes.keys() == after.attributes.keys()
    generator = np.random.default_rng(0)
    mutants = [
        each.searcher.space.keys(each.searcher.space.mutants(each.searcher.history.architectures, generator))
        for each, generator in ((first, np.random.default_rng(0)), (again, generator))
    ]
    assert mutants[0] == mutants[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_kill_loses_no_evaluation(tmp_path: Path, workers: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(KILLED.format(root=str(Path(__file__).parents[2])))
    running = subprocess.Popen([sys.executable, script, tmp_path / "out", str(workers)], start_new_session=True)
    journal = tmp_path / "out" / JOURNAL
    wait_until(lambda: journal.exists() and journal.read_text().count('"told"') >= 3)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    kept = journal.read_text().count('"told"')
    outcome = slow_study(tmp_path / "out", 0, seconds=0).run()
    begun = (tmp_path / "out" / "log").read_text().splitlines()
    assert len(outcome.records) == 8
    assert 8 <= len(begun) <= 8 + workers  # nothing but what was under way was begun again
    assert len({each.number for each in outcome.records}) == 8
    if workers == 1:
        undisturbed = slow_study(tmp_path / "other", 0, seconds=0)
        assert [each.metrics for each in undisturbed.run().records] == [each.metrics for each in outcome.records]
    assert kept >= 3


def test_what_a_command_started_ends_with_the_search(tmp_path: Path) -> None:
    program = tmp_path / "train.sh"
    program.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/child; wait\n")
    program.chmod(0o755)
    given = ["--evaluate", f"command:{program} {{architecture}}", "--method", "random", "--out", str(tmp_path / "out")]
    running = subprocess.Popen([sys.executable, "-m", "archflow", "search", *given], stderr=subprocess.DEVNULL)
    child = tmp_path / "child"
    wait_until(lambda: child.exists() and child.read_text().strip().isdecimal())
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    wait_until(lambda: not is_running(int(child.read_text())))


def is_running(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", str(process)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_a_study_says_what_it_is_and_draws_its_curve(tmp_path: Path) -> None:
    new = study(tmp_path, budget=6)
    assert repr(new) == (
        "Study(regularized_evolution in table for score, 6 queries; History(0 asked, 0 measured; best: none))"
    )
    new.run()
    assert "History(6 asked, 6 measured; best: score" in repr(new)
    assert new._repr_html_().count("<circle") == 6


def test_a_larger_budget_continues(tmp_path: Path) -> None:
    study(tmp_path / "a", budget=7, batch=4).run()
    longer = study(tmp_path / "a", budget=20, batch=4)
    longer.run()
    at_once = study(tmp_path / "b", budget=20, batch=4)
    at_once.run()
    assert asked(longer) == asked(at_once)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 2}, "seed is 1 there, 2 here"),
        ({"metric": "latency"}, "objectives is"),
        ({"batch": 3}, "batch is None there, 3 here"),
        ({"metric": "acc_36", "stopping": SuccessiveHalving()}, "stopping is None"),
    ],
)
def test_a_folder_of_another_search_is_refused(tmp_path: Path, change, named: str) -> None:
    study(tmp_path).run()
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(ArchflowError, match=named):
        study(tmp_path, **change).run()
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_another_method_and_another_space_are_refused(tmp_path: Path) -> None:
    study(tmp_path).run()
    other = study(tmp_path)
    other.searcher = RandomSearch(other.searcher.problem, 1)
    with pytest.raises(ArchflowError, match="method is regularized_evolution there, random here"):
        other.run()
    with pytest.raises(ArchflowError, match="space is table there, nasbench201 here"):
        slow_study(tmp_path, 0).run()


def test_two_searches_in_one_folder_are_refused(tmp_path: Path) -> None:
    one = study(tmp_path)
    with open_journal(tmp_path / JOURNAL, one.config), pytest.raises(ArchflowError, match="another process"):
        study(tmp_path).run()


def test_a_damaged_line_is_said(tmp_path: Path) -> None:
    study(tmp_path).run()
    lines = (tmp_path / JOURNAL).read_text().splitlines(keepends=True)
    assert '"worker": 0' in lines[2]
    lines[2] = lines[2].replace('"worker": 0', '"worker": 1')
    (tmp_path / JOURNAL).write_text("".join(lines))
    with pytest.raises(ArchflowError, match="line 3 is damaged"):
        study(tmp_path).run()


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, hard))
    try:
        with pytest.raises(ArchflowError, match=r"cannot be written .* make room and run it again"):
            study(tmp_path).run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / JOURNAL).stat().st_size <= 6000
    undisturbed = study(tmp_path / "other")
    assert measurements(study(tmp_path)) == measurements(undisturbed)


def test_simulated_hours_are_a_budget(tmp_path: Path) -> None:
    outcome = study(tmp_path / "a", budget="4h").run()
    ends = [each.end for each in outcome.records]
    assert all(each.begin < 4 * 3600 for each in outcome.records)
    assert 4 * 3600 <= ends[-1] < 4 * 3600 + 4000
    assert ends == sorted(ends)
    assert np.allclose(np.cumsum([each.metrics["seconds"] for each in outcome.records]), ends)


def test_simulated_workers_are_never_idle(tmp_path: Path) -> None:
    outcome = study(tmp_path, budget=30, workers=4).run()
    for worker in range(4):
        own = [each for each in outcome.records if each.worker == worker]
        assert own[0].begin == 0
        assert all(before.end == after.begin for before, after in pairwise(own))
    assert max(each.end for each in outcome.records) < sum(each.seconds for each in outcome.records) / 3


def test_workers_that_join_later_begin_when_they_are_asked(tmp_path: Path) -> None:
    ended = study(tmp_path, budget=10).run().records[-1].end
    later = study(tmp_path, budget=20, workers=4).run().records[10:]
    assert all(each.begin >= ended for each in later)
    fewer = study(tmp_path, budget=22, workers=2).run().records
    assert all(each.begin >= max(before.end for before in later) - 4000 for each in fewer[20:])


def test_without_seconds_tables_have_one_worker(tmp_path: Path) -> None:
    made = study(tmp_path, workers=4)
    object.__setattr__(made.evaluate, "seconds", None)
    assert {each.worker for each in made.run().records} == {0}


def test_hours_need_a_column_of_seconds(tmp_path: Path) -> None:
    made = study(tmp_path)
    object.__setattr__(made.evaluate, "seconds", None)
    with pytest.raises(ArchflowError, match="no column of seconds"):
        Study(made.searcher, made.evaluate, tmp_path, Budget.parse("1h"))


def test_real_seconds_are_a_budget(tmp_path: Path) -> None:
    made = slow_study(tmp_path, 0, seconds=0.05)
    made.budget = Budget.parse("0.4s")
    outcome = made.run()
    assert 2 <= len(outcome.records) <= 8
    assert slow_study(tmp_path, 0, seconds=0, budget=10).run().records[: len(outcome.records)] == outcome.records


def test_an_exhausted_space_ends_the_search(tmp_path: Path) -> None:
    assert len(study(tmp_path, budget=100).run().records) == 60


def test_the_method_does_not_see_what_is_reported(tmp_path: Path) -> None:
    done = study(tmp_path)
    outcome = done.run()
    assert all("test_score" in each.metrics for each in outcome.records)
    assert all(set(trial.metrics or ()) == {"score"} for trial in done.searcher.history.trials)
    assert all(line["report"] is not None for line in outcome.content()["history"])


def test_stopped_evaluations_cost_the_epochs_they_ran(tmp_path: Path) -> None:
    outcome = study(tmp_path, budget=10, metric="acc_36", stopping=SuccessiveHalving(first=4)).run()
    stopped = [each for each in outcome.records if each.stopped]
    assert stopped
    assert {each.cost for each in stopped} <= {4 / 36, 12 / 36}
    assert all(each.epochs in (4, 12) and [epoch for epoch, _ in each.curve][-1] == each.epochs for each in stopped)
    assert 9 <= sum(each.cost for each in outcome.records) <= 10
    assert len(outcome.records) > 10
    assert not outcome.records[outcome.front[0]].stopped
    assert all(each.seconds < 4000 * each.cost for each in stopped)


def test_a_failed_curve_counts_for_nothing(tmp_path: Path) -> None:
    def fails_first(architecture, seed):
        yield 1, {"score": 100.0}
        if len(begun.append(seed) or begun) == 1:
            raise ValueError
        yield 2, {"score": 1.0}

    begun: list[int] = []
    searcher = RandomSearch(Problem(SPACES.get("nasbench201")(), "score"), 0)
    outcome = Study(searcher, fails_first, tmp_path, Budget(queries=4), workers=0, stopping=Median(1)).run()
    assert [each.stopped for each in outcome.records] == [False] * 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"timeout": float("inf")}, "timeout in seconds must be a number above 0 and at most 31,536,000, not inf"),
        ({"timeout": 0}, "timeout in seconds must be"),
        ({"timeout": 1, "workers": 0}, "nothing can end an evaluation in this process; give --workers 1 or more"),
        ({"workers": 10**9}, "workers must be a whole number of at least 0 and at most 10,000"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused(tmp_path: Path, given, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        study(tmp_path, **given)


def test_stopping_needs_epochs_and_one_objective(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="no column of score after fewer epochs"):
        study(tmp_path, stopping=Median())


def test_evaluations_that_all_fail_end_the_search(tmp_path: Path) -> None:
    def broken(architecture, seed):
        raise ValueError("no such file")

    searcher = RandomSearch(Problem(SPACES.get("nasbench201")(), "score"), 0)
    said: list[str] = []
    made = Study(searcher, broken, tmp_path, Budget(queries=50), workers=0, say=said.append)
    with pytest.raises(ArchflowError, match="first 10 evaluations all failed, the last one: ValueError: no such file"):
        made.run()
    assert len(said) == 10
    assert said[0] == "architecture 0 could not be measured: ValueError: no such file"
