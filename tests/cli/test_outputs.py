"""What any verb writes: nothing of the user's is lost, and what cannot be written is said before the work."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archflow.graph.table import read_table
from tests.cli.commands import PRETRAIN, QUICK, archflow, names, one_line


@pytest.mark.parametrize("out", ["x.xlsx", "x", "", "file/x.csv", "x" * 300 + ".csv", "/dev/null", "folder.csv"])
def test_predict_and_choose_check_the_place_before_the_work(run, table, here, out):
    Path("file").write_text("")
    Path("folder.csv").mkdir()
    for verb in (("predict", "nowhere"), ("choose", "nowhere")):
        assert "--out" in one_line(run(*verb, "--data", table, "--out", out, code=2))
    assert names(here) == {"file", "folder.csv"}


def test_tables_of_jobs_replace_their_own_kind(run, table, here):
    small = ("--channels", 2, "--cells", 1, "--stages", 1, "--batch-size", 8, "--processes", 1)
    label = ("label", "--count", 2, "--seeds", 1, "--epochs", 1, *small, "--out", "t.csv")
    proxies = ("proxies", "--count", 2, "--names", "l2_norm", *small, "--out", "t.csv")
    shutil.copy(table, "t.csv")
    before = Path("t.csv").read_bytes()
    for verb in (label, proxies):
        assert "t.csv: exists" in one_line(run(*verb, code=2))
    Path("t.json").write_text('{"mine": 1}')
    Path("t.csv").unlink()
    assert "t.json: exists" in one_line(run(*label, code=2))
    Path("t.json").unlink()
    Path("t.csv").write_bytes(before)
    run(*proxies, "--force")
    run(*proxies)
    run("proxies", "--table", "t.csv", "--names", "snip", *small, "--out", "t.csv")
    assert {"zc_l2_norm", "zc_snip"} <= set(read_table("t.csv").metrics)
    run(*label, "--force")
    run(*label)


def test_the_demo_replaces_only_reports(run, here):
    Path("r.html").write_text("<p>mine</p>")
    assert "r.html: exists" in one_line(run("demo", "--out", "r.html", code=2))
    assert "a report is written as .html" in one_line(run("demo", "--out", "r.pdf", code=2))
    assert names(here) == {"r.html"}


def test_a_full_standard_output_is_one_line():
    for arguments in (["encoders"], ["encoders", "--json"], ["--help"], ["data", "list"]):
        with open("/dev/full", "w") as full:
            done = archflow(*arguments, stdout=full, stderr=subprocess.PIPE, capture_output=False)
        assert done.returncode == 2
        assert one_line(done.stderr) == "archflow: standard output: cannot be written (No space left on device)"


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".csv", "x" * 5000])
def test_names_that_the_system_does_not_allow_are_one_line(run, predictor, here, name):
    for arguments in (
        ("data", "info", name),
        ("predict", name, "--data", "digits201"),
        ("predict", predictor, "--data", name),
        ("choose", name, "--data", "digits201"),
        ("embed", name, "--data", "digits201", "--out", "e.npy"),
        ("fit", "--data", "digits201", "--metric", "test_accuracy", "--out", name),
        ("fit", "--data", "digits201", "--metric", "test_accuracy", "--encoder", name, "--out", "p"),
        ("pretrain", "--data", name, "--out", "e"),
        ("pretrain", "--data", "digits201", "--out", name),
        ("label", "--out", name),
        ("proxies", "--count", 2, "--out", name),
        ("demo", "--out", name),
    ):
        one_line(run(*arguments, code=2))
    assert names(here) == set()


def test_a_limit_on_the_size_of_files_is_one_line(table, predictor, here):
    commands = (
        (("pretrain", "--data", table, *PRETRAIN, "--out", "e"), "e"),
        (("fit", "--data", table, "--metric", "accuracy", *QUICK, "--out", "p"), "p"),
        (("embed", "gated_gcn.fgp-nasbench201", "--data", table, "--out", "e.npy"), "e.npy"),
        (("predict", predictor, "--data", table, "--out", "r.csv"), "r.csv"),
    )
    script = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "from archflow.cli.app import main\n"
        "for arguments in json.loads(sys.argv.pop()):\n"
        "    sys.argv[1:] = arguments\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        print(end.code)\n"
    )
    given = json.dumps([[*map(str, arguments)] for arguments, _ in commands])
    done = subprocess.run([sys.executable, "-c", script, given], capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith("archflow: ")]
    assert done.stdout.split() == ["2"] * 4, done.stderr
    for line, (_, name) in zip(lines, commands, strict=True):
        assert name in line
        assert "could not be written (" in line
        assert "File too large" in line
    assert "Traceback" not in done.stderr
    assert not any(path.name.endswith(".part") for path in here.rglob("*"))


def test_results_of_bench_replace_only_results(run, table, here):
    Path("r.json").write_text(json.dumps({"mine": 1}))
    bench = ("bench", "fgp", "--data", table, "--metric", "accuracy", "--out", "r.json")
    assert "r.json: exists" in one_line(run(*bench, code=2))
    Path("r.json").unlink()
    for name in ("r.md", "r.html"):
        Path(name).write_text("mine")
        assert f"{name}: exists" in one_line(run(*bench, code=2))
        Path(name).unlink()
    Path("notes.md").write_text("mine")
    assert "notes.md: exists" in one_line(run("bench", "page", "--results", ".", "--out", "notes.md", code=2))
    assert Path("notes.md").read_text() == "mine"
    run("bench", "page", "--results", ".", "--out", "page.md")
    run("bench", "page", "--results", ".", "--out", "page.md")


def test_what_the_system_refuses_is_one_line_whatever_the_verb(run, table, here, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "locked")

    monkeypatch.setattr("archflow.data.benchmarks.find", refuse)
    for arguments in (("data", "info", table), ("fit", "--data", table, "--metric", "accuracy", "--out", "p")):
        refusal = one_line(run(*arguments, code=2))
        assert refusal.startswith("archflow: locked: cannot be used (Permission denied); give another path")


def test_an_empty_name_is_one_line(run, here):
    for arguments in (("label", "--count", 2), ("proxies", "--count", 2)):
        one_line(run(*arguments, "--out", "", code=2))
    assert names(here) == set()
