"""`predict`: what it writes and replaces."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from archflow.graph.table import Table, read_table
from tests.cli.commands import QUICK, one_line


def test_predict_never_replaces_its_input_unasked(run, predictor, table, here):
    shutil.copy(table, "candidates.csv")
    before = Path("candidates.csv").read_bytes()
    predict = ("predict", predictor, "--data", "candidates.csv", "--out", "candidates.csv")
    assert "is what --data reads" in one_line(run(*predict, code=2))
    assert Path("candidates.csv").read_bytes() == before
    run(*predict, "--force")
    written = read_table("candidates.csv").metrics
    assert {"accuracy", "cost", "predicted_accuracy", "predicted_std_accuracy", "rank_accuracy"} <= set(written)


def test_the_device_to_compute_on_is_not_the_one_to_predict_for(run, predictor, table):
    predict = ("predict", predictor, "--data", table)
    assert "device 'gpu' cannot be used here" in one_line(run(*predict, "--torch-device", "gpu", code=2))
    assert "a GPU to compute on is --torch-device" in one_line(run(*predict, "--device", "cuda", code=2))


def test_predict_replaces_what_predict_wrote_and_nothing_else_unasked(run, predictor, table, here):
    for name in ("ranked.csv", "ranked.parquet", "ranked.jsonl"):
        predict = ("predict", predictor, "--data", table, "--out", name)
        run(*predict)
        assert f"\n\n{name}: all 30 architectures" in run(*predict)
        shutil.copy(table, "notes.csv")
        Table(read_table(table).architectures, {"mine": np.arange(30.0)}).write(name)
        before = Path(name).read_bytes()
        assert "exists, and is not what this command writes" in one_line(run(*predict, code=2))
        assert Path(name).read_bytes() == before
        run(*predict, "--force")
        assert "predicted_accuracy" in read_table(name).metrics


def test_predictions_of_several_metrics_stand_side_by_side(run, predictor, table, here):
    run("predict", predictor, "--data", table, "--out", "first.csv")
    run("fit", "--data", table, "--metric", "cost", *QUICK, "--out", "cost")
    run("predict", "cost", "--data", "first.csv", "--out", "both.csv")
    assert {"rank_accuracy", "rank_cost"} < set(read_table("both.csv").metrics)
    again = ("predict", predictor, "--data", "first.csv", "--out", "again.csv")
    assert "predictions of accuracy would replace it" in one_line(run(*again, code=2).splitlines()[-1])
    assert not Path("again.csv").exists()
    run(*again, "--force")


def test_a_reader_that_has_enough_is_no_error(predictor, table):
    command = (
        f"{sys.executable} -m archflow predict {predictor} --data {table} --top 30 | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr
    assert "archflow:" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold for the superuser")
def test_weights_without_permission_are_not_called_missing(run, predictor, table, here):
    shutil.copytree(predictor, "p")
    (weights,) = Path("p").glob("weights-*")
    weights.chmod(0)
    assert "Permission denied" in one_line(run("predict", "p", "--data", table, code=2))


def test_a_column_of_the_users_is_not_replaced_by_predictions_unasked(run, predictor, table, here):
    own = read_table(table).with_metrics({"measured_accuracy": np.arange(30.0)})
    own.write("own.csv")
    predict = ("predict", predictor, "--data", "own.csv", "--out", "ranked.csv")
    assert "column 'measured_accuracy': predictions" in one_line(run(*predict, code=2).splitlines()[-1])
    assert not Path("ranked.csv").exists()
