"""The scripts in `examples/` run, with small settings, and print what they promise."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS
from archflow.graph.table import read_table

pytestmark = pytest.mark.usefixtures("undisturbed_machine")

EXAMPLES = Path(__file__).parents[1] / "examples"

RUNS = {
    "rank_candidates.py": (
        [str(EXAMPLES / "candidates.csv"), "--components", "line,ridge", "--out", "ranked.csv"],
        ["params alone", "all 200 candidates"],
    ),
    "compare_encoders.py": (
        [
            *("--data", str(EXAMPLES / "candidates.csv"), "--metric", "accuracy", "--encoders", "gin,mlp"),
            *("--labels", "20", "--epochs", "1", "--members", "1"),
        ],
        ["ridge (baseline)", "gin", "mlp"],
    ),
    "own_encoder.py": (
        ["--labels", "20", "--width", "8", "--rows", "64", "--pretrain-epochs", "1", "--epochs", "1"],
        ["keeps the contract", "untrained", "pre-trained by FGP"],
    ),
    "search_space.py": (["--budget", "12", "--out", "found"], ["regularized_evolution", "random"]),
    "model_latency.py": (
        [
            *("--labels", "60", "--components", "line", "--channels", "4", "--blocks", "1", "--resolution", "16"),
            *("--seconds", "0.01", "--agree", "1"),
        ],
        ["predictor", "by flops alone", "measured on this machine"],
    ),
}
"""By script: arguments, and what it prints."""


def test_every_script_is_run_and_listed() -> None:
    scripts = {path.name for path in EXAMPLES.glob("*.py")}
    assert scripts == set(RUNS)
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"]({script})" in page for script in scripts)


@pytest.mark.parametrize("script", RUNS)
def test_examples_run(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    arguments, promised = RUNS[script]
    ENCODERS.names()  # the built-in ones are there before a script adds its own to the copy
    monkeypatch.setattr(ENCODERS, "_parts", dict(ENCODERS._parts))
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    printed = capsys.readouterr().out
    assert [words for words in promised if words not in printed] == []
    if script == "rank_candidates.py":
        ranked = read_table("ranked.csv")
        assert sorted(ranked.metric("rank_accuracy")) == list(range(1, 201))
        assert np.isfinite(ranked.metric("high_accuracy")).all()
