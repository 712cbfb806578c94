import json
import sys
from pathlib import Path

import pytest

from archflow.cli.app import main
from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.files import only_writer
from tests.report.pages import read_page
from tests.search.studies import measured_table

METHOD = ["--method", "regularized_evolution"]


@pytest.fixture
def archflow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Run a search in a folder of its own: exit code, what is printed, and the lines on standard error."""
    monkeypatch.chdir(tmp_path)
    measured_table().write(tmp_path / "mine.csv")

    def run(*arguments: str) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(sys, "argv", ["archflow", "search", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err.splitlines()

    return run


def test_a_users_table_is_the_space(archflow, tmp_path: Path) -> None:
    given = ["--evaluate", "mine.csv", "--metric", "score", "--report-metric", "test_score", "--budget", "15", *METHOD]
    code, out, err = archflow(*given, "--seed", "1", "--out", "found")
    assert code == 0
    assert out.splitlines()[0].startswith("regularized_evolution in mine: 15 evaluations")
    assert out.splitlines()[2].split() == ["query", "score", "test_score", "architecture"]
    assert sorted(each.name for each in (tmp_path / "found").iterdir()) == [
        "journal.jsonl",
        "report.html",
        "result.json",
    ]
    result = json.loads((tmp_path / "found" / "result.json").read_text())
    assert list(result) == ["best", "history", "method", "space"]
    assert [line["query"] for line in result["history"]] == list(range(1, 16))
    assert {"query", "value", "report", "seconds"} <= set(result["history"][0])
    best = max(result["history"], key=lambda line: line["value"])
    assert {key: result["best"][key] for key in best} == best
    assert result["best"]["architecture"] in (measured_table().native or ())
    assert any("15 of 15" in line and "best" in line for line in err)

    before = (tmp_path / "found" / "journal.jsonl").read_bytes()
    code, again, _ = archflow(*given, "--seed", "1", "--out", "found", "--json")
    assert code == 0
    assert json.loads(again) == result
    assert (tmp_path / "found" / "journal.jsonl").read_bytes() == before


def test_nas_bench_201_as_published(archflow, monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(data_folder))
    given = ["--space", "nasbench201", "--evaluate", "nasbench201", "--seed", "1", *METHOD]
    code, out, _ = archflow(
        *given,
        "--metric",
        "cifar10_val_acc",
        "--report-metric",
        "cifar10_test_acc",
        "--budget",
        "60",
        "--out",
        "a",
        "--json",
    )
    found = json.loads(out)
    assert (code, found["method"], found["space"]) == (0, "regularized_evolution", "nasbench201")
    assert found["best"]["value"] > 90.5
    assert found["best"]["report"] > 93
    assert 5e4 < sum(line["seconds"] for line in found["history"]) < 5e5
    front = [
        "--method",
        "random",
        "--objectives",
        "cifar10_val_acc,-edgegpu_latency",
        "--budget",
        "3h",
        "--workers",
        "4",
    ]
    code, out, _ = archflow(*given[:6], *front, "--constraint", "edgegpu_latency<=5", "--out", "b", "--json")
    found = json.loads(out)
    assert code == 0
    values = [each["values"] for each in found["front"]]
    assert len(values) > 1
    assert values == sorted(values, key=lambda each: -each["cifar10_val_acc"])
    assert values == sorted(values, key=lambda each: -each["cifar10_edgegpu_latency"])
    assert all(each["cifar10_edgegpu_latency"] <= 5 for each in values)
    assert found["best"] == found["front"][0]


def test_a_command_and_a_function(archflow, tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text('#!/bin/sh\necho "$1" | grep -o conv | wc -l\n')
    (tmp_path / "train.sh").chmod(0o755)
    more = ["--budget", "4", "--method", "random", "--json"]
    code, out, _ = archflow("--evaluate", "command:./train.sh {architecture}", "--metric", "convs", "--out", "a", *more)
    found = json.loads(out)
    assert code == 0
    assert [each["value"] for each in found["history"]] == [
        each["value"] for each in json.loads(archflow(
            "--evaluate", "tests.search.measurements:convolutions", "--metric", "convs", "--out", "b", *more,
        )[1])["history"]
    ]  # fmt: skip


def test_settings_and_stopping(archflow, tmp_path: Path) -> None:
    settings = ["regularized_evolution.population=7", "method.initial=3", "stopping.rule=successive_halving"]
    sets = [each for setting in [*settings, "stopping.first=4", "evaluate.noise=false"] for each in ("--set", setting)]
    code, out, _ = archflow(
        "--evaluate", "mine.csv", "--metric", "acc_36", *METHOD, *sets, "--budget", "8", "--out", "a", "--batch", "2"
    )  # fmt: skip
    assert code == 0
    assert "stopped early" in out.splitlines()[0]
    header = json.loads((tmp_path / "a" / "journal.jsonl").read_text().splitlines()[0])["configuration"]
    assert header["settings"]["population"] == 7
    assert header["settings"]["initial"] == 3
    assert header["stopping"] == {"rule": "SuccessiveHalving", "eta": 3.0, "first": 4}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--method", "regularised_evolution"], "did you mean 'regularized_evolution'"),
        (["--space", "nasbench202"], "did you mean 'nasbench201'"),
        (["--metric", "scores"], "did you mean 'score'"),
        (["--report-metric", "test_scor"], "did you mean 'test_score'"),
        (["--evaluate", "nasbench2O1"], "did you mean 'nasbench201'"),
        (["--budget", "lots"], "--budget 'lots': write a number of queries"),
        (["--objectives", "score"], "--metric and --objectives both say what to search for"),
        (["--constraint", "latency<5ms"], "constraint 'latency<5ms': write METRIC<=NUMBER"),
        (["--constraint", "latency<=1", "--constraint", "latency>=5"], "no value of latency is at least 5 and at most"),
        (["--constraint", "latncy<=1"], "did you mean 'latency'"),
        (["--constraint", "latency<=-1"], "measured architectures meets latency<=-1; the nearest has latency 2.0"),
        (["--set", "popul=3"], "setting 'popul=3': write METHOD.SETTING=VALUE, such as"),
        (["--set", "method.popul=3"], "setting of regularized_evolution is called 'popul'; did you mean 'population'"),
        (["--set", "methods.population=3"], "did you mean 'method'"),
        (["--set", "method.population=0"], "population"),
        (["--set", "stopping.eta=3"], "which rule? Add --set stopping.rule=median"),
        (["--set", "stopping.rule=medium"], "did you mean 'median'"),
        (["--timeout", "0"], "timeout in seconds must be a number above 0"),
        (["--timeout", "inf"], "timeout in seconds must be a number above 0"),
        (["--metric", ""], "no metric is called ''"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(archflow, changes: list[str], message: str) -> None:
    usual = ["--evaluate", "mine.csv", "--metric", "score", "--budget", "8", "--out", "found", *METHOD]
    code, out, err = archflow(*usual, *changes)
    assert code == 2
    assert out == ""
    assert message in err[-1]
    assert err[-1].startswith("archflow: ")


def test_contradictory_directions_are_one_line(archflow) -> None:
    code, _, err = archflow(
        "--evaluate", "mine.csv", "--objectives", "score,-score", "--out", "a", "--method", "random"
    )
    assert code == 2
    assert "the objective 'score' is given twice; give it once, in one direction" in err[-1]


def test_a_method_for_one_objective_says_so(archflow) -> None:
    code, _, err = archflow("--evaluate", "mine.csv", "--objectives", "score,-latency", "--out", "a", *METHOD)
    assert code == 2
    assert "takes one objective" in err[-1]


def test_a_folder_in_use_and_one_of_another_search_are_one_line(archflow, tmp_path: Path) -> None:
    usual = ["--evaluate", "mine.csv", "--metric", "score", "--budget", "3", "--out", "found", *METHOD]
    with only_writer(tmp_path / "found"):
        code, _, err = archflow(*usual)
    assert code == 2
    assert "another process is writing into this folder" in err[-1]
    assert archflow(*usual)[0] == 0
    code, _, err = archflow(*usual, "--seed", "7")
    assert code == 2
    assert "seed is 0 there, 7 here" in err[-1]


def test_trouble_in_workers_is_a_line_each(archflow) -> None:
    usual = ["--evaluate", "tests.search.measurements:dies_twice", "--method", "random", "--budget", "8", "--out", "a"]
    code, out, err = archflow(*usual, "--workers", "2", "--timeout", "30", "--json")
    found = json.loads(out)
    failures = [line["failure"] for line in found["history"] if "failure" in line]
    assert code == 0
    assert failures
    assert set(failures) == {"its worker process died (signal 9), perhaps for lack of memory"}
    assert sum("could not be measured: its worker process died" in line for line in err) == len(failures)
    assert len(found["history"]) == 8


def test_a_file_of_the_users_is_not_replaced(archflow, tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "report.html").write_text("mine")
    code, _, err = archflow("--evaluate", "mine.csv", "--metric", "score", "--budget", "3", "--out", "found", *METHOD)
    assert code == 2
    assert "report.html: exists, and is not what this command writes" in err[-1]
    assert (tmp_path / "found" / "report.html").read_text() == "mine"


def test_the_report_shows_the_search(archflow, tmp_path: Path) -> None:
    pytest.importorskip("altair", reason="the extra report is not installed")
    archflow("--evaluate", "mine.csv", "--metric", "score", "--budget", "9", "--out", "found", *METHOD)
    read = read_page((tmp_path / "found" / "report.html").read_text(encoding="utf-8"))
    assert read.texts("h2") == [
        "How did the search progress?",
        "The best",
        "Where did proposals come from?",
        "What did the workers do?",
    ]
    assert len(read.rows("best-so-far")) == 9


def test_a_table_without_a_usual_metric_asks_for_one(run, table, here):
    said = run("search", "--evaluate", table, "--out", "s", code=2)
    assert "which metric? Give --metric; there are: accuracy, cost" in said


def test_a_folder_is_no_table(run, here):
    Path("folder").mkdir()
    assert "folder: is a folder; give a table file" in run(
        "embed", "gated_gcn.fgp-nasbench201", "--data", "folder", "--out", "e.npy", code=2
    )
