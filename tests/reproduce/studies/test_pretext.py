"""The matrix of pretext tasks: every cell measured once, resumable, told in a table and a report."""

import json
import re

import numpy as np
import pytest

from archflow.encoders import Embedder
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.spaces import NASBench101, NASBench201
from archflow_reproduce.protocol.run import run_protocol
from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.pretext_report import matrix_report, matrix_table
from archflow_reproduce.studies.encoders import Comparison
from archflow_reproduce.studies.pretext import pretext_matrix
from tests.report.pages import read_page
from tests.reproduce.results.records import write

METHODS = ["supervised", "flow", "gmae", "0.5*flow+2*gmae"]


def comparison(data: str, **changes) -> Comparison:
    settings = {"metric": "score", "labels": (20,), "methods": METHODS, "runs": 2, "epochs": (5,), "pretrain_epochs": 2}
    return Comparison(data, None, ["gin"], **{**settings, **changes})


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    space = NASBench201()
    found = {}
    for seed, name in enumerate(("first", "second")):
        cells = space.sample(160, np.random.default_rng(seed))
        found[name] = Table(cells, {"score": cells.op_counts[:, 5] + np.random.default_rng(seed).normal(0, 0.1, 160)})
    return found


@pytest.fixture(scope="module")
def finished(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    return folder, pretext_matrix([comparison("first"), comparison("second")], tables, folder, processes=1)


def test_every_cell_has_every_method_and_what_it_cost(finished):
    _, result = finished
    assert [(cell["data"], cell["encoder"], cell["labels"]) for cell in result["matrix"]] == [
        ("first", "gin", 20),
        ("second", "gin", 20),
    ]
    for cell in result["matrix"]:
        assert list(cell["methods"]) == METHODS
        assert len({tuple(runs["tau"] + runs["spearman"]) for runs in cell["methods"].values()}) == len(METHODS)
        assert set(cell["pretrain_epoch_s"]) == set(METHODS[1:])
        assert all(seconds > 0 for seconds in cell["pretrain_epoch_s"].values())
    json.dumps(result, allow_nan=False)


def test_a_larger_matrix_goes_on_from_what_is_there(finished, tables, monkeypatch):
    folder, result = finished

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("archflow_reproduce.protocol.runs.fine_tune", forbidden)
    again = pretext_matrix([comparison("second", methods=METHODS[:3])], tables, folder, processes=1)
    assert again["matrix"][0]["methods"] == {m: result["matrix"][1]["methods"][m] for m in METHODS[:3]}


def test_the_table_and_the_report_tell_every_cell(finished, tmp_path):
    _, result = finished
    heads, rows = matrix_table(result)
    assert heads[:4] == ["data", "method", "runs", "epochs"]
    assert heads[-1] == "s/epoch"
    assert [row[:4] for row in rows[:2]] == [
        ["first", "supervised only", "2, 1 seed", "5"],
        ["first", "flow only", "2, 1 seed", "2 + 5"],
    ]
    assert len(rows) == 2 * len(METHODS)
    tau = result["matrix"][0]["methods"]["gmae"]["tau"]
    assert rows[2][4] == f"{np.mean(tau):.3f} ({np.std(tau):.3f})"
    matrix_report(tmp_path / "matrix.html", result)
    read = read_page((tmp_path / "matrix.html").read_text(encoding="utf-8"))
    assert "GMAE" in {row["name"] for row in read.rows("runs-1")}
    assert list(read.figures) == ["runs-1", "runs-2"]


def test_published_figures_stand_beside_their_measure(finished):
    _, result = finished
    cell = {**result["matrix"][0], "published": {"gmae": {"tau": 0.748, "p_at_1": 0.351}}}
    heads, rows = matrix_table({"matrix": [cell]})
    assert heads == ["method", "runs", "epochs", "Kendall tau", "published", "P@1 %", "published", "P@5 %", "s/epoch"]
    assert [row[4] for row in rows] == ["–", "–", "0.748", "–"]
    assert [row[2] for row in rows] == ["5", "2 + 5", "2 of 200 + 5 of 500", "2 + 5"]


def test_the_page_of_results_shows_it_with_its_command(finished, tmp_path):
    write(tmp_path / "results" / "pretext.json", "pretext", finished[1])
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Pretext tasks" in page
    assert "archflow bench pretext --out results/pretext.json" in page
    assert "| GMAE | 2, 1 seed | 2 + 5 |" in re.sub(" +", " ", page)
    assert "- first, GMAE: `gmae` with mask_ratio 0.15\n" in page


@pytest.fixture(scope="module")
def other() -> Table:
    """Cells of another space, with other numbers of parameters."""
    space = NASBench101()
    cells = space.sample(120, np.random.default_rng(2))
    return Table(cells, {"params": 1e6 * space.costs(cells)["params"]})


@pytest.fixture(scope="module")
def transferred(tables, other, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transferred")
    one = comparison("first", methods=["supervised", "fgp", "gmae"], proxies=["params"])
    elsewhere = {"cells101": other, "second": tables["second"]}
    return folder, one, elsewhere, pretext_matrix([one], tables, folder, 1, pretrain_on=elsewhere)


def test_pre_training_on_other_tables_starts_from_their_operations(transferred, finished, tables):
    folder, _, elsewhere, result = transferred
    (cell,) = result["matrix"]
    assert cell["config"]["pretrain_on"] == list(elsewhere)
    own = tables["first"].architectures.vocabulary.ops
    for method, hidden in (("fgp", []), ("gmae", ["[mask]"])):
        vocabulary = Embedder.load(
            folder / "first" / "gin-20-random-on-cells101-second" / f"{method}-21.encoder"
        ).vocabulary
        assert vocabulary.ops == (*own, "maxpool3x3", *hidden)
    # What is not pre-trained is the same as ever, the rest is not.
    assert cell["methods"]["supervised"] == finished[1]["matrix"][0]["methods"]["supervised"]
    assert cell["methods"]["gmae"] != finished[1]["matrix"][0]["methods"]["gmae"]


def test_pre_training_on_other_tables_goes_on_and_minds_their_content(transferred, tables, monkeypatch):
    folder, one, elsewhere, result = transferred

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("archflow_reproduce.protocol.runs.fine_tune", forbidden)
    again = pretext_matrix([one], tables, folder, 1, pretrain_on=elsewhere)
    assert again["matrix"][0]["methods"] == result["matrix"][0]["methods"]
    fewer = {**elsewhere, "cells101": elsewhere["cells101"].select(np.arange(100))}
    with pytest.raises(ArchflowError, match="holds a run of other settings or data"):
        pretext_matrix([one], tables, folder, 1, pretrain_on=fewer)


def test_a_folder_of_before_stays_valid(finished, tables):
    folder, _ = finished
    place = folder / "first" / "gin-20-random"
    with pytest.raises(ArchflowError, match="holds a run of other settings or data"):
        run_protocol(comparison("first").protocol("gin", 20), "first", tables["first"], place, 1, None, tables)
    run_protocol(comparison("first").protocol("gin", 20), "first", tables["first"], place, 1, None, {})


def test_a_table_without_the_proxy_is_refused(tables, other, tmp_path):
    one = comparison("first", methods=["fgp"], proxies=["score"])
    with pytest.raises(ArchflowError, match="cells101: no proxy 'score'"):
        pretext_matrix([one], tables, tmp_path, 1, pretrain_on={"second": tables["second"], "cells101": other})
    assert not list(tmp_path.iterdir())  # nothing is left that would refuse the same command with another proxy


def test_tables_and_pages_say_what_was_pre_trained_on(transferred, finished, tmp_path):
    (cell,) = transferred[-1]["matrix"]
    both = {**transferred[-1], "matrix": [*finished[1]["matrix"][:1], cell]}
    heads, rows = matrix_table(both)
    assert heads[:3] == ["pre-trained on", "method", "runs"]
    assert [row[:2] for row in rows] == [
        ["–", "supervised only"],
        ["first", "flow only"],
        ["first", "GMAE"],
        ["first", "0.5*flow+2*gmae"],
        ["–", "supervised only"],
        ["cells101, second", "FGP (flow + proxy)"],
        ["cells101, second", "GMAE"],
    ]
    matrix_report(tmp_path / "matrix.html", both)
    assert "first, gin, 20 labels, pre-trained on cells101 and second" in (tmp_path / "matrix.html").read_text()
    write(tmp_path / "results" / "pretext.json", "pretext", transferred[-1])
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "### first: `gin`, 20 labels, pre-trained on cells101 and second" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ["supervised", "fgp"]}, "FGP: no proxy is named"),
        ({"methods": ["supervised", "fgp"], "proxies": ["zc_nwot"]}, "second: no proxy 'zc_nwot'"),
        ({"methods": ["supervised", "flow", "folw"]}, "did you mean 'flow'"),
        ({"metric": "accuracy"}, "no column 'accuracy'"),
    ],
)
def test_what_a_later_cell_lacks_is_refused_before_the_first_one(tables, tmp_path, changes, message):
    comparisons = [comparison("first"), comparison("second", **changes)]
    with pytest.raises(ArchflowError, match=message):
        pretext_matrix(comparisons, tables, tmp_path / "matrix", processes=1)
    assert not list(tmp_path.iterdir())
