import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from archflow.data.labelling import Evaluator, Results, _digest, label_architectures, seed_agreement, seed_columns
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.spaces import NASBench201, sample_classes
from tests.data.measurements import OnlyFirstSeed, OperationCount, die, never

COUNT, SEEDS = 12, range(2)

KILLED_JOB = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from tests.data.measurements import OperationCount
from tests.data.test_labelling import cells, label
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    label(folder, OperationCount(folder / "log", 0.15))
"""


@cache
def cells(count: int = COUNT) -> ArchitectureSet:
    return sample_classes(NASBench201(), count, np.random.default_rng(1))


def label(folder: Path, evaluate: Evaluator, processes: int = 2, **configuration: int) -> Results:
    return label_architectures(
        cells(), evaluate, SEEDS, folder / "journal", {"epochs": 1, **configuration}, processes=processes
    )


class CountedProgress:
    def __init__(self) -> None:
        self.steps = 0

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.steps += steps


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def children_of(process: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def is_running(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", str(process)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_every_item_is_measured_once(tmp_path: Path) -> None:
    progress = CountedProgress()
    results = label_architectures(
        cells(), OperationCount(tmp_path / "log"), SEEDS, tmp_path / "journal", {}, processes=2, progress=progress
    )
    assert set(results) == {(row, seed) for row in range(COUNT) for seed in SEEDS}
    for (row, seed), metrics in results.items():
        convolutions = sum("conv" in op for op in cells()[row].ops)
        assert metrics == {"accuracy": 10 * convolutions + seed, "third": convolutions / 3}
    assert len(lines(tmp_path / "log")) == len(set(lines(tmp_path / "log"))) == progress.steps == COUNT * len(SEEDS)


def test_killed_job_goes_on_to_the_same_result(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(KILLED_JOB.format(folder=str(Path(__file__).parent)))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment) as job:
        wait_until(lambda: len(lines(tmp_path / "journal")) >= 6)
        workers = children_of(job.pid)
        job.send_signal(signal.SIGKILL)
    assert workers
    wait_until(lambda: not any(is_running(worker) for worker in workers))
    started = lines(tmp_path / "log")
    finished = len(lines(tmp_path / "journal")) - 1
    assert 5 <= finished < COUNT * len(SEEDS)
    # At most the running items were lost (one a process, and those whose result was still on the way).
    assert len(started) - finished <= 4

    progress = CountedProgress()
    resumed = label_architectures(
        cells(),
        OperationCount(tmp_path / "log"),
        SEEDS,
        tmp_path / "journal",
        {"epochs": 1},
        processes=2,
        progress=progress,
    )
    assert progress.steps == COUNT * len(SEEDS)
    assert len(lines(tmp_path / "log")) == len(started) + COUNT * len(SEEDS) - finished
    (tmp_path / "undisturbed").mkdir()
    undisturbed = label(tmp_path / "undisturbed", OperationCount(tmp_path / "undisturbed" / "log"))
    assert resumed == undisturbed
    columns = [seed_columns(results, COUNT, SEEDS) for results in (resumed, undisturbed)]
    assert list(columns[0]) == list(columns[1])


def test_finished_job_measures_nothing_again(tmp_path: Path) -> None:
    first = label(tmp_path, OperationCount(tmp_path / "log"))
    journal = (tmp_path / "journal").read_bytes()
    assert label(tmp_path, never) == first
    assert (tmp_path / "journal").read_bytes() == journal


def test_a_damaged_line_is_named_and_its_item_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = label(tmp_path, OperationCount(tmp_path / "log"))
    journal = tmp_path / "journal"
    kept = lines(journal)
    changed = json.loads(kept[5])
    changed["metrics"]["accuracy"] += 1
    journal.write_text("\n".join([*kept[:5], json.dumps(changed), *kept[6:]]) + "\n")
    (tmp_path / "log").unlink()
    assert label(tmp_path, OperationCount(tmp_path / "log")) == first
    assert len(lines(tmp_path / "log")) == 1
    assert f"{journal}: line 6 is damaged" in capsys.readouterr().err


def test_other_settings_seeds_or_architectures_are_another_job(tmp_path: Path) -> None:
    evaluate = OperationCount(tmp_path / "log")
    label(tmp_path, evaluate)
    with pytest.raises(ArchflowError, match="epochs is 1 there, 2 here"):
        label(tmp_path, evaluate, epochs=2)
    with pytest.raises(ArchflowError, match="seeds"):
        label_architectures(cells(), evaluate, range(3), tmp_path / "journal", {"epochs": 1}, processes=1)
    with pytest.raises(ArchflowError, match="architectures"):
        label_architectures(cells(COUNT + 1), evaluate, SEEDS, tmp_path / "journal", {"epochs": 1}, processes=1)


@pytest.mark.parametrize("infinite", [True, False])
def test_failed_items_are_empty_not_zero(tmp_path: Path, infinite: bool) -> None:
    results = label(tmp_path, OnlyFirstSeed(infinite), processes=1)
    columns = seed_columns(results, COUNT, SEEDS)
    assert (columns["accuracy_seed0"] == 1).all()
    assert np.isnan(columns["accuracy_seed1"]).all()
    assert np.isnan(columns["accuracy"]).all()


def test_job_without_any_result_says_why(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="no architecture could be measured: training diverged"):
        label(tmp_path, never, processes=1)


def test_dead_worker_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="process died"):
        label(tmp_path, die)


def test_seed_columns_are_means_and_single_seeds() -> None:
    results = {(0, 0): {"a": 1.0}, (0, 1): {"a": 2.0}, (1, 0): {"a": 5.0}}
    columns = seed_columns(results, 2, SEEDS)
    assert columns["a"][0] == 1.5
    assert np.isnan(columns["a"][1])
    assert columns["a_seed0"].tolist() == [1, 5]
    assert columns["a"].dtype == np.float64


def test_columns_hold_measurements_as_they_are() -> None:
    results = {(0, 0): {"parameters": 2.0**24 + 1}, (1, 0): {"parameters": 2.0**24}}
    assert seed_columns(results, 2, [0])["parameters"].tolist() == [2**24 + 1, 2**24]


def test_one_process_is_this_one(tmp_path: Path) -> None:
    """As a notebook needs it: nothing is pickled, nothing started."""
    seen = []

    def evaluate(architecture, seed):
        seen.append((os.getpid(), seed))
        return {"accuracy": float(seed)}

    label(tmp_path, evaluate, processes=1)
    assert {process for process, _ in seen} == {os.getpid()}
    assert len(seen) == COUNT * len(SEEDS)


def test_an_interrupted_job_in_this_process_keeps_what_is_measured(tmp_path: Path) -> None:
    count = 0

    def evaluate(architecture, seed):
        nonlocal count
        count += 1
        if count == 5:
            raise KeyboardInterrupt
        return {"accuracy": 1.0}

    with pytest.raises(KeyboardInterrupt):
        label(tmp_path, evaluate, processes=1)
    label(tmp_path, evaluate, processes=1)
    assert count == COUNT * len(SEEDS) + 1


UNGUARDED = """
import sys
from pathlib import Path
from tests.data.measurements import OperationCount
from tests.data.test_labelling import label
label(Path(sys.argv[1]), OperationCount(Path(sys.argv[1], "log")), processes={processes})
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_a_script_without_a_guard(tmp_path: Path, processes: int) -> None:
    script = tmp_path / "job.py"
    script.write_text(UNGUARDED.format(processes=processes))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, script, tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode == 0) == (processes == 1), ended.stderr
    last = ended.stderr.splitlines()[-1:]
    if processes > 1:
        assert 'begin a script\'s work under `if __name__ == "__main__":`' in last[0]
        assert "memory" not in last[0]
    assert (len(lines(tmp_path / "log")) == COUNT * len(SEEDS)) == (processes == 1)


def test_seed_agreement_is_the_mean_kendall_tau() -> None:
    values = {"a_seed0": [1, 2, 3, 4], "a_seed1": [1, 2, 4, 3], "a_seed2": [4, 3, 2, 1]}
    columns = {name: np.array(column, np.float32) for name, column in values.items()}
    # Of six pairs of architectures the seeds order 5, 0 and 1 alike.
    assert seed_agreement(columns, "a", range(3)) == pytest.approx((4 / 6 - 1 - 4 / 6) / 3)
    assert seed_agreement(columns, "a", range(1)) is None
    columns["a_seed1"] = np.ones(4, np.float32)
    assert seed_agreement(columns, "a", range(3)) is None
    columns["a_seed1"] = np.array([np.nan, 1, 2, 3], np.float32)
    assert seed_agreement(columns, "a", range(2)) == pytest.approx(1)


def test_a_journal_knows_attributes() -> None:
    some = cells(3)
    numbered = some.with_attributes(np.arange(len(some.op))[:, None], ["number"])
    digests = {_digest(one) for one in (some, numbered, numbered.with_attributes(numbered.attributes, ["other"]))}
    assert len(digests) == 3
    assert _digest(numbered.with_attributes(None, ())) == _digest(some)
