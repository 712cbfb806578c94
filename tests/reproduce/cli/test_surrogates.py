"""The paper's variants of the surrogate as one command."""

import json
from pathlib import Path

import numpy as np
import pytest

from archflow.data import load
from archflow.report.measures import METHODS
from archflow_reproduce.protocol.methods import LEARNED, expanded
from archflow_reproduce.results.page import results_page


@pytest.fixture
def bench(run, tmp_path):
    """The command on 400 of the embedded cells, under a name that published figures belong to."""
    cells = tmp_path / "nasbench201.parquet"
    table = load("digits201").select(np.arange(400))
    type(table)(table.architectures, {**table.metrics, "cifar10_test_acc": table.metric("test_accuracy")}).write(cells)
    small = ("--encoders", "gated_gcn", "--runs", 1, "--pretrain-epochs", 1, "--epochs", 2, "--processes", 1)
    folder = ("--folder", tmp_path / "run")
    return lambda *more, code=0: run("bench", "pretext", "--data", cells, *small, *folder, *more, code=code)


def test_every_variant_is_a_row_with_the_published_figure(bench, tmp_path):
    out = tmp_path / "results" / "surrogates.json"
    out.parent.mkdir()
    shown = bench("--tasks", "surrogates,learned", "--out", out).splitlines()
    methods = expanded(["surrogates", LEARNED])
    assert [line.split("|")[1].strip() for line in shown[2:]] == [METHODS[method] for method in methods]
    (cell,) = json.loads(out.read_text())["result"]["matrix"]
    assert list(cell["methods"]) == methods
    rankings = {(*runs["tau"], *runs["spearman"]) for runs in cell["methods"].values()}
    assert len(rankings) == len(methods)  # each pre-trained differently
    page = results_page(Path(out.parent), tmp_path / "page.md")
    assert "--tasks surrogates,learned" in " ".join(page.replace("\\\n", " ").split())
    assert "surrogate.direction forward" in page
    tau = [line.split("|")[5].strip() for line in shown[2:]]
    assert dict(zip(methods, tau, strict=True)) == {
        "proxy": "0.799", "flow": "0.745", "fgp": "0.822", "fgp_forward": "0.814", "fgp_backward": "0.814",
        "fgp_2_rounds": "0.806", "fgp_3_rounds": "0.816", "fgp_mean": "0.817", "fgp_max": "0.815", "fgp_4_draws": "–",
        "fgp_1_to_2": "0.823", "fgp_2_to_1": "0.817", "learned": "0.747",
    }  # fmt: skip


def test_what_is_no_variant_is_refused(bench):
    assert "fgp_forwards" in bench("--tasks", "fgp_forwards", code=2)
    assert "learned" in bench("--tasks", "learned", "--pretrain-on", "digits201", code=2)
