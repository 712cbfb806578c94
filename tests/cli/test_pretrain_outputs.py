"""What `pretrain` writes: encoders, cards and states, and only over its own."""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archflow.encoders import Embedder
from archflow.predict import NetworkPredictor, StackedPredictor, load_predictor
from tests.cli.commands import PRETRAIN, QUICK, names, one_line


def test_an_encoder_is_found_by_the_name_that_was_written(run, table, here):
    for name in ("e2", "run.v1", "run.v2"):
        run("pretrain", "--data", table, *PRETRAIN, "--out", name)
        run("fit", "--data", table, "--metric", "accuracy", *QUICK, "--encoder", name, "--out", f"of-{name}")
        fitted = load_predictor(Path(f"of-{name}"))
        assert isinstance(fitted, NetworkPredictor)
        (start,) = fitted.embedders
        assert start.history["task"] == "flow"
        run("embed", name, "--data", table, "--out", "e.npy")
    run(
        "fit",
        "--data",
        table,
        "--metric",
        "accuracy",
        "--recipe",
        "plain",
        "--encoder",
        "e2",
        "--epochs",
        1,
        "--out",
        "p",
    )
    stacked = load_predictor(Path("p"))
    assert isinstance(stacked, StackedPredictor)
    assert [each.history["task"] for each in stacked.embedders] == ["flow"]


def test_unfinished_encoders_of_similar_names_have_states_of_their_own(run, table, here, monkeypatch):
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Embedder, "save", fail)
        for name, seed in (("run.v1", 1), ("run.v2", 2)):
            run("pretrain", "--data", table, *PRETRAIN, "--seed", seed, "--out", name, code=130)
    assert names(here) == {"run.v1.state", "run.v2.state"}
    for name, seed in (("run.v1", 1), ("run.v2", 2)):
        run("pretrain", "--data", table, *PRETRAIN, "--seed", seed, "--out", name)
    assert names(here) == {"run.v1", "run.v2"}


@pytest.mark.parametrize("name", ["new.state", "y.json", "t.csv", "t.parquet", "e.npy", "r.html"])
def test_an_encoder_under_the_name_of_another_kind_of_file_is_refused(run, table, here, name):
    for card in ((), ("--card",)):
        refusal = one_line(run("pretrain", "--data", table, *PRETRAIN, *card, "--out", name, code=2))
        assert "another kind of file; use .safetensors" in refusal
    assert names(here) == set()


def test_an_encoder_replaces_an_encoder_and_nothing_else_unasked(run, table, here):
    pretrain = ("pretrain", "--data", table, *PRETRAIN, "--out", "e.safetensors")
    run(*pretrain)
    run(*pretrain)
    run(*pretrain, "--card")
    run(*pretrain, "--card")
    for name in ("e.safetensors", "e.json"):
        Path(name).write_text("{}")
        assert f"{name}: exists" in one_line(run(*pretrain, "--card", code=2))
        assert Path(name).read_text() == "{}"
        run(*pretrain, "--card", "--force")
    Path("e.safetensors.state").write_text("mine")
    assert "e.safetensors.state: exists" in one_line(run(*pretrain, code=2))
    shutil.copy(table, "e")
    refusal = run("pretrain", "--data", "e", *PRETRAIN, "--out", "e", code=2)
    assert "--out e: is what --data e reads" in one_line(refusal)
    assert "an encoder with a card is written as .safetensors" in run(*pretrain[:-1], "f", "--card", code=2)


def test_an_interruption_says_how_to_resume(table, here):
    command = ["pretrain", "--data", table, "--encoder", "gin", "--width", 8, "--task", "flow", "--epochs", 9999]
    process = subprocess.Popen(
        [sys.executable, "-m", "archflow", *map(str, command), "--out", "e"], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not Path("e.state").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    said = r"archflow: pre-training on 30 architectures: stopped after [\d,]+ of 9,999, kept in e\.state; "
    assert re.fullmatch(said + "run the same command to resume", error.splitlines()[-1])
    assert "Traceback" not in error
