"""Rankings by compiled encoders: taken where they rank alike and save more time than compiling takes."""

from contextlib import contextmanager

import numpy as np
import pytest

from archflow import FineTuneSettings, NetworkPredictor, create
from archflow.errors import ArchflowError
from archflow.recipes.ranking import chunks, compiling, scoring
from archflow.recipes.ranking.candidates import CHUNK
from archflow.recipes.ranking.chunks import in_this_process
from archflow.recipes.ranking.compiling import Trial, asked, tried, worth_compiling
from archflow.recipes.ranking.precision import Agreement
from archflow.recipes.ranking.stream import rank_space
from archflow.spaces import NASBench201

SAME = Agreement(1.0, 1.0, 4096)


@pytest.fixture(scope="module")
def network() -> NetworkPredictor:
    cells = NASBench201().sample(40, np.random.default_rng(0))
    model = NetworkPredictor(create("gin", cells, width=8), settings=FineTuneSettings(epochs=3))
    model.fit(cells, cells.op_counts @ np.arange(1.0, cells.op_counts.shape[1] + 1), metrics=["score"])
    return model


def worth(monkeypatch, found: Trial, count: int = 10**6, workers: int = 1) -> tuple[bool, str | None]:
    monkeypatch.setattr(compiling, "tried", lambda score: found)
    monkeypatch.setattr(compiling, "check_compiler", lambda: None)
    return worth_compiling(count, workers, lambda compiled: np.zeros(1))


def test_seconds_are_saved_by_every_candidate_and_shared_by_the_workers():
    found = Trial(SAME, plain=0.3, fused=0.2, first=10)
    assert found.saved(4096, 1) == pytest.approx(0.1)
    assert found.saved(409600, 2) == pytest.approx(5)


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        (Trial(SAME, 0.4, 0.2, 10), True),
        (Trial(SAME, 0.4, 0.2, 20), False),
        (Trial(SAME, 0.2, 0.4, 0.1), False),
        (Trial(SAME, 0.21, 0.2, 0.1), False),
        (Trial(Agreement(0.9989, 1.0, 4096), 0.4, 0.2, 10), False),
        (Trial(Agreement(1.0, 0.98, 4096), 0.4, 0.2, 10), False),
    ],
)
def test_it_is_taken_within_the_tolerance_if_it_saves_three_times_what_it_costs(found, taken, monkeypatch):
    chosen, line = worth(monkeypatch, found)
    assert chosen == taken
    assert line is not None
    assert line.startswith("compiled: " if taken else "not compiled: ")
    assert str(found.agreement) in line


def test_two_workers_save_half_as_much_each(monkeypatch):
    found = Trial(SAME, 0.4, 0.2, 10)
    assert [worth(monkeypatch, found, workers=workers)[0] for workers in (1, 2)] == [True, False]


def test_few_candidates_are_not_worth_a_trial():
    def never(compiled):
        raise AssertionError

    assert worth_compiling(compiling.LONG - 1, 1, never) == (False, None)
    with pytest.raises(ArchflowError, match="'always': give one of never, auto"):
        asked("always")


def test_what_cannot_be_compiled_is_said(monkeypatch):
    def fails(compiled):
        raise ArchflowError("torch cannot compile this encoder")

    assert worth_compiling(10**6, 1, fails) == (False, "not compiled: torch cannot compile this encoder")
    monkeypatch.setenv("CXX", "no-such-compiler")
    chosen, line = worth_compiling(10**6, 1, fails)
    assert not chosen
    assert "needs a C++ compiler" in str(line)


def test_both_are_timed_in_turn_after_a_pass_that_compiles(monkeypatch):
    ticks, calls = iter(np.cumsum([0, 3.0, 0, 1.0, 0, 9.0, 0, 2.0])), []
    monkeypatch.setattr(compiling, "PASSES", 2)
    monkeypatch.setattr(compiling.time, "process_time", lambda: next(ticks))

    def score(compiled):
        calls.append(compiled)
        return np.arange(30.0) * (-1 if compiled else 1)

    found = tried(score)
    assert calls == [True, False, True, False, True]
    assert (found.plain, found.fused) == (3, 1)
    assert found.agreement == Agreement(pytest.approx(-1), 0, 30)


def test_workers_of_other_machines_do_not_compile(network, tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "LONG", 1)
    network.save(tmp_path / "p")
    found = rank_space(tmp_path / "p", "nasbench201", 40, top=5, compiling="auto", workers=in_this_process)
    assert not found.compiled
    assert found.notes == ("not compiled: workers on other machines may have no compiler",)


def test_an_unfinished_ranking_goes_on_as_it_began(network, tmp_path, monkeypatch):
    used = []

    @contextmanager
    def noted(wanted):
        used.append(wanted)
        yield

    monkeypatch.setattr(scoring, "compiled", noted)
    monkeypatch.setattr(compiling, "LONG", 1)
    monkeypatch.setattr(compiling, "check_compiler", lambda: None)
    monkeypatch.setattr(compiling, "tried", lambda score: Trial(SAME, 9e9, 1.0, 1.0))
    network.save(tmp_path / "p")

    def rank(wanted):
        out = tmp_path / "best.csv"
        return rank_space(tmp_path / "p", "nasbench201", 2 * CHUNK, top=30, out=out, compiling=wanted)

    def interrupted(job, chunks):
        for scored in in_this_process(job, chunks):
            yield scored
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "in_this_process", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rank("auto")
    assert used[-1]
    with pytest.raises(ArchflowError, match="other settings"):
        rank("never")
    monkeypatch.setattr(compiling, "tried", lambda score: Trial(SAME, 1.0, 9e9, 1.0))  # it would not be taken now
    found = rank("auto")
    assert found.compiled
    assert found.notes == ("compiled, as in the unfinished ranking",)
    plain = rank("auto")
    assert not plain.compiled
    assert not used[-1]
    assert plain.rows() == found.rows() == rank("never").rows()
