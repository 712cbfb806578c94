"""Results of verbs in other formats."""

import pytest

from archflow.errors import ArchflowError
from archflow.report.result import result_text, write_result
from archflow.report.result_figures import result_figure
from archflow.report.result_tables import Column, result_tables
from tests.report.pages import read_page


def predictor(name: str, tau: float, regret: float) -> dict:
    more = {"tau_error": 0.01, "p_at_1": 0.5, "top_ten": 0.4, "regret_at_10": regret, "weight": None}
    return {"predictor": name, "tau": tau, **more}


def budget(labels: int) -> dict:
    rows = [predictor("blend", 0.7, 0.2), predictor("ridge", 0.6, 0.1), predictor("random order", 0.0, 3.0)]
    return {"labels": labels, "repetitions": 5, "judged": 90, "predictors": rows}


EVALUATION = {"table": "t", "metric": "accuracy", "budgets": [budget(20)], "verdict": ["It ranks."]}
HISTORY = [{"query": i + 1, "value": v, "seconds": 1.0} for i, v in enumerate([3.0, None, 1.0, 2.0])]
SEARCH = {
    "best": {"query": 3, "architecture": "c", "value": 1.0, "metrics": {"loss": 1.0}},
    "history": HISTORY,
    "method": "random",
    "space": "nasbench201",
}
POINT = {"row": 1, "accuracy": 0.9, "latency": 2.0, "latency_upper": 3.0, "architecture": "a"}
FRONT = {"accuracy": "top1", "latency": "ms", "front": [POINT, {**POINT, "latency": 4.0, "accuracy": 0.95}]}
FIT = {"predictor": "p", "metric": "acc", "metrics": ["acc"], "labels": 9, "components": {"ridge": {"tau": 0.5}}}
DEMO = {
    "labels": 100,
    "judged": 900,
    "methods": [{"method": "supervised", "tau": 0.5}, {"method": "quick", "tau": 0.6}],
}
OTHER = {"device": "here", "models": [{"model": "a", "latency_ms": 2.0, "baselines": {}}]}


def test_the_best_of_each_column_is_bold_and_errors_stand_beside():
    (table,) = result_tables(EVALUATION)
    assert table.heads == ["predictor", "weight", "Kendall tau", "top ten", "regret@10"]
    best = {
        (row[0].text, head) for row in table.rows() for head, cell in zip(table.heads, row, strict=True) if cell.best
    }
    assert {("blend", "Kendall tau"), ("ridge", "regret@10")} <= best
    assert table.rows()[0][2].text == "0.700 (0.010)"
    assert r"\textbf{0.700 (0.010)}" in result_text(EVALUATION, "tex")
    assert "Kendall tau,Kendall tau error" in result_text(EVALUATION, "csv")


@pytest.mark.parametrize("content", [EVALUATION, SEARCH, FRONT, FIT, DEMO, OTHER])
def test_every_result_has_tables(content):
    assert all(len(table.rows()) > 0 for table in result_tables(content))
    assert result_text(content, "tex").count(r"\toprule") == len(result_tables(content))


def test_a_page_shows_figure_tables_and_verdict(tmp_path):
    more = {**EVALUATION, "budgets": [budget(20), budget(40)]}
    write_result(tmp_path / "r.html", more, "html")
    page = read_page((tmp_path / "r.html").read_text())
    assert {row["name"] for row in page.rows("result")} == {"blend", "ridge"}
    assert "It ranks." in page.texts("p")


def test_the_best_so_far_falls_where_low_values_are_good():
    chart = result_figure(SEARCH)
    assert chart is not None
    spec = chart.to_dict()
    assert [row["y"] for row in next(iter(spec["datasets"].values()))] == [3.0, 3.0, 1.0, 1.0]


def test_a_result_without_a_figure_says_so(tmp_path):
    assert result_figure(FRONT) is not None
    assert result_figure(DEMO) is not None
    with pytest.raises(ArchflowError, match="there is no figure of such a result"):
        write_result(tmp_path / "r.png", FIT, "png")
    with pytest.raises(ArchflowError, match="has no table"):
        result_tables({"metrics": []})


def test_markdown_has_the_best_in_bold():
    assert "**0.700 (0.010)**" in result_text(EVALUATION, "md")


def test_a_text_counts_as_the_number_it_begins_with():
    column = Column("tau", [".712", "0.9 ± 0.1", "–", "1,000 of 2"], better=1)
    assert [cell.best for cell in column.cells()] == [False, False, False, True]
    assert not any(cell.best for cell in Column("tau", ["a", "b"], better=1).cells())
