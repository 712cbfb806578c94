import os
import signal
import warnings

import numpy as np
import pytest

from archflow.encoders.embedder import as_table
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import read_table
from archflow.predict import load_predictor
from archflow.predict.base import Prediction
from archflow.predict.objectives import Hinge
from archflow.recipes.ranking import stream
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.chunks import in_this_process
from archflow.recipes.ranking.stream import rank_space
from archflow.spaces import DARTS, NASBench201
from tests.recipes.ranking.streams import Convolutions


def test_the_best_of_a_sample_are_those_that_sorting_finds():
    found = rank_space(Convolutions(), "nasbench201", 2 * CHUNK + 9, top=40, seed=5)  # pyright: ignore
    candidates = Candidates.sampled(NASBench201(), 2 * CHUNK + 9, 5)
    cells = ArchitectureSet.concatenate([candidates.chunk(number) for number in range(3)])
    scores = Convolutions().predict(cells).mean
    classes = {}
    for row in np.argsort(-scores, kind="stable").tolist():
        classes.setdefault(NASBench201().canonical(cells[row]), row)
    rows = list(classes.values())[:40]
    assert list(found.table.architectures) == list(cells[rows])
    assert found.table.metric("predicted_score").tolist() == scores[rows].tolist()
    assert found.table.native == [NASBench201().format(each) for each in found.table.architectures]
    assert (found.candidates, found.distinct, found.exact) == (2 * CHUNK + 9, len(classes), True)
    assert [row["rank"] for row in found.rows()] == list(range(1, 41))
    assert found.rows()[0]["std"] is None


def test_a_bound_on_what_is_remembered_is_said_and_changes_no_result():
    every = rank_space(Convolutions(), "nasbench201", top=50)  # pyright: ignore
    few = rank_space(Convolutions(), "nasbench201", top=50, remembered=100)  # pyright: ignore
    assert every.candidates == few.candidates == 15_625
    assert every.exact
    assert not few.exact
    assert few.distinct > every.distinct
    assert few.rows() == every.rows()


def test_low_values_come_first_where_they_are_better():
    class Costs(Convolutions):
        metrics = ("other", "cost")
        objectives = (Hinge(), Hinge(lower_is_better=True))

        def predict(self, architectures, on_batch=None):
            mean, std = super().predict(architectures)
            return Prediction(np.stack([mean, mean], 1), np.stack([std, std], 1))

    found = rank_space(Costs(), "nasbench201", top=10, metric="cost")  # pyright: ignore
    assert found.metric == "cost"
    lowest = Convolutions().predict(NASBench201().enumerate()).mean.min()
    assert found.table.metric("predicted_cost")[0] == lowest
    with pytest.raises(ArchflowError, match="has learnt other, cost"):
        rank_space(Costs(), "nasbench201", top=10, metric="size")  # pyright: ignore


def test_a_saved_predictor_ranks_as_it_predicts(folder):
    found = rank_space(folder, NASBench201(), 500, top=500)
    model = load_predictor(folder)
    assert np.allclose(model.predict(as_table(found.table)).mean, found.table.metric("predicted_score"))
    again = rank_space(model, NASBench201(), 500, top=5)
    assert again.rows() == found.rows()[:5]


def test_killed_at_any_time_it_resumes_to_the_same_result(folder, tmp_path, monkeypatch):
    out = tmp_path / "best.csv"
    monkeypatch.setattr(stream, "EVERY", -1.0)

    def killed(job, chunks):
        for number, scored in zip(chunks, in_this_process(job, chunks), strict=True):
            if number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield scored

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if child == 0:
        rank_space(folder, "nasbench201", 4 * CHUNK, top=50, out=out, workers=killed)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert (tmp_path / "best.csv.unfinished" / stream.STATE).is_file()
    assert not out.exists()
    with pytest.raises(ArchflowError, match="other settings"):
        rank_space(folder, "nasbench201", 4 * CHUNK, top=51, out=out)
    scored = []

    def watched(job, chunks):
        scored.extend(chunks)
        return in_this_process(job, chunks)

    resumed = rank_space(folder, "nasbench201", 4 * CHUNK, top=50, out=out, workers=watched)
    assert scored == [2, 3]
    alone = rank_space(folder, "nasbench201", 4 * CHUNK, top=50)
    assert (resumed.rows(), resumed.candidates, resumed.distinct) == (alone.rows(), alone.candidates, alone.distinct)
    assert read_table(out).native == alone.table.native
    assert [each.name for each in tmp_path.iterdir()] == ["best.csv"]


def test_interrupted_it_keeps_what_is_done(folder, tmp_path):
    out, begun = tmp_path / "best.csv", []

    def interrupted(job, chunks):
        begun.append(chunks.start)
        for scored in in_this_process(job, chunks):
            yield scored
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt, match=r"stopped after .*, kept in .*best\.csv\.unfinished"):
            rank_space(folder, "nasbench201", 3 * CHUNK, top=5, out=out, workers=interrupted)
    assert begun == [0, 1]


def test_two_rankings_do_not_write_the_same_file(folder, tmp_path):
    def second(job, chunks):
        with pytest.raises(ArchflowError, match="another process is writing"):
            rank_space(folder, "nasbench201", 10, top=5, out=tmp_path / "best.csv")
        rank_space(folder, "nasbench201", 10, top=5, out=tmp_path / "other.csv")
        return in_this_process(job, chunks)

    rank_space(folder, "nasbench201", 10, top=5, out=tmp_path / "best.csv", workers=second)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["best.csv", "other.csv"]


def test_what_cannot_be_ranked_is_refused(folder, tmp_path):
    with pytest.raises(ArchflowError, match="no search space is called 'dart'; did you mean 'darts'"):
        rank_space(folder, "dart", 10)
    with pytest.raises(ArchflowError, match="darts: "):
        rank_space(folder, DARTS(), 10)
    with pytest.raises(ArchflowError, match="top must be a whole number of at least 1 and at most 10, not 11"):
        rank_space(folder, "nasbench201", 10, top=11)
    with pytest.raises(ArchflowError, match="without a context"):
        rank_space(folder, "nasbench201", 10, context="pixel 4")
    with pytest.raises(ArchflowError, match="workers must be"):
        rank_space(folder, "nasbench201", 10, workers=0)
    with pytest.raises(ArchflowError, match=r"predictor\.json: no such file"):
        rank_space(tmp_path, "nasbench201", 10)
