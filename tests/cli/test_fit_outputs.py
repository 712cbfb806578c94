"""What `fit` writes and removes: only what its manifest names."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from archflow.predict import StackedPredictor, load_predictor
from archflow.recipes import stacks
from archflow.recipes.stacks import Recipe
from tests.cli.commands import QUICK, archflow, names, one_line

USERS = {
    "weights-2024.safetensors",
    "blend-1.safetensors",
    "networks-mine/n.txt",
    "pretraining/notes.txt",
    "fit.statement",
}


@pytest.fixture
def users(here) -> dict[str, bytes]:
    """Files of the user's with names much like archflow's."""
    for name in USERS:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(f"mine: {name}")
    return {name: Path(name).read_bytes() for name in USERS}


def test_fit_removes_only_what_it_wrote(run, table, users, here):
    fit = ("fit", "--data", table, "--metric", "accuracy", *QUICK, "--out", ".")
    before = names(here)
    found = []
    for seed in (1, 2):
        run(*fit, "--seed", seed)
        found.append(names(here) - before)
        assert {name: Path(name).read_bytes() for name in USERS} == users
    assert [sorted(name.split("-")[0] for name in each) for each in found] == 2 * [["predictor.json", "weights"]]
    assert found[0] != found[1]
    load_predictor(Path())


def test_the_recipe_removes_only_what_it_wrote(run, table, users, here, monkeypatch):
    quick = stacks.RECIPES["quick"]
    assert quick.pretraining is not None
    short = replace(quick, pretraining=replace(quick.pretraining, epochs=1))
    short = short.with_component("networks", epochs=1, steps=1)
    monkeypatch.setattr(stacks, "RECIPES", {"quick": short})
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # a process of its own takes long to start
    fit = ("fit", "--data", table, "--metric", "accuracy", "--proxy", "cost", "--encoder", "mlp", "--out", ".")
    before = names(here)
    run(*fit)
    assert {name: Path(name).read_bytes() for name in USERS} == users
    made = {name for name in names(here) - before if "/" not in name}
    assert sorted(name.split("-")[0] for name in made) == ["predictor.json", "weights"]
    assert isinstance(load_predictor(Path()), StackedPredictor)
    run("fit", "--data", table, "--metric", "accuracy", *QUICK, "--out", ".")
    assert {name: Path(name).read_bytes() for name in USERS} == users
    assert not names(here) - before & made - {"predictor.json"}, "of the predictor that was replaced"


def test_fit_refuses_what_it_would_lose(run, table, here):
    fit = ("fit", "--data", table, "--metric", "accuracy", *QUICK, "--out")
    Path("file").write_text("")
    assert "--out file: is a file; give a folder" in one_line(run(*fit, "file", code=2))
    assert "it is empty; give a folder" in run(*fit, "", code=2)
    Path("p").mkdir()
    Path("p/predictor.json").write_text('{"format": "mine"}')
    assert "predictor.json: exists" in one_line(run(*fit, "p", code=2))
    assert names(here) == {"file", "p", "p/predictor.json"}
    run(*fit, "p", "--force")
    run(*fit, "p")


def test_states_of_all_members_go(run, table, here):
    fit = ("fit", "--data", table, "--metric", "accuracy", *QUICK, "--encoder", "transformer")
    run(*fit, "--out", "p")
    assert sorted(name.split("-")[0] for name in names(Path("p"))) == ["predictor.json", "weights"]


def test_a_recipe_for_too_few_labels_is_refused_before_pre_training(run, table, here, monkeypatch):
    monkeypatch.setattr(Recipe, "embedders", None)
    fit = ("fit", "--data", table, "--recipe", "best", "--out", "p")
    few = run(*fit, "--metric", "accuracy", "--labels", 4, code=2)
    assert "4 labels are too few" in one_line(few)
    assert "did you mean 'hinge'" in run(*fit, "--metric", "accuracy", "--objective", "hing", code=2)
    assert "positive" in run(*fit, "--metric", "cost", "--objective", "log", code=2)
    assert names(here) == set()


def test_two_fits_in_one_folder_are_refused(table, here):
    fit = [sys.executable, "-m", "archflow", "fit", "--data", table, "--metric", "accuracy", *QUICK, "--out", "p"]
    fit[fit.index("--epochs") + 1] = 5000
    first = subprocess.Popen([*map(str, fit)], stderr=subprocess.DEVNULL)
    try:
        while first.poll() is None and not Path("p/fit.state").exists():
            time.sleep(0.05)
        second = archflow(*fit[3:])
        assert second.returncode == 2
        assert "another process is writing into this folder" in second.stderr
    finally:
        first.kill()
        first.wait()
    assert Path("p/fit.state").exists()
