"""`report`: results in other formats; `predict --report`."""

import json
from pathlib import Path

from tests.cli.commands import one_line
from tests.report.pages import read_page


def test_predictions_become_a_page_figures_and_tables(run, predictor, table, here):
    Path("r.json").write_text(run("predict", predictor, "--data", table, "--json"))
    for ending, begin in (("png", b"\x89PNG"), ("tex", b"\\begin{table}")):
        run("report", "r.json", "--out", f"r.{ending}")
        assert Path(f"r.{ending}").read_bytes().startswith(begin)
    run("report", "r.json", "--format", "html", "--out", "page.html")
    assert len(read_page(Path("page.html").read_text()).rows("result")) == 30 + 2  # and the ends of the diagonal
    lines = run("report", "r.json", "--format", "csv").splitlines()
    assert lines[0].startswith("architecture,rank,row,predicted")
    assert len(lines) == 11


def test_what_cannot_be_written_is_said_in_one_line(run, here):
    Path("r.json").write_text("{}")
    Path("list.json").write_text("[]")
    Path("ranked.csv").write_text("ops,rank_accuracy\n")
    for options, said in (
        (("r.json",), "which format?"),
        (("r.json", "--format", "pgn"), "did you mean 'png'?"),
        (("r.json", "--format", "png"), "give --out FILE.png"),
        (("r.json", "--format", "tex"), "has no table"),
        (("list.json", "--format", "tex"), "is not a result of archflow"),
        (("none.json", "--format", "tex"), "no such file"),
        (("ranked.csv", "--format", "tex"), "archflow predict --report"),
        ((".", "--format", "tex"), "holds no result of a search"),
    ):
        assert said in one_line(run("report", *options, code=2))


def test_the_report_of_ones_own_predictions(run, predictor, table, here):
    run("predict", predictor, "--data", table, "--report", "p.html")
    page = read_page(Path("p.html").read_text())
    assert {"predicted-against-measured", "places", "embeddings", "comparison", "precision"} <= set(page.figures)
    assert len(page.rows("embeddings")) == 30
    assert "--figures: needs a report" in one_line(run("predict", predictor, "--data", table, "--figures", "f", code=2))
    assert json.loads(run("predict", predictor, "--data", table, "--report", "p.html", "--json"))["architectures"] == 30
