import json

import pytest

from archflow.graph.table import read_table
from archflow.predict.base import is_ranked
from tests.cli.commands import names, one_line

ASKED = ("--space", "nasbench201", "--sample", "300", "--processes", 1)


def test_a_sample_is_ranked_written_and_shown(run, here, predictor):
    shown = run("rank", predictor, *ASKED, "--top", 25, "--out", "best.csv")
    assert "300 candidates of nasbench201" in shown
    assert "best.csv: the best 25" in shown
    assert names(here) == {"best.csv"}
    assert is_ranked(here / "best.csv")
    found = json.loads(run("rank", predictor, *ASKED, "--top", 25, "--json"))
    assert (found["metric"], found["precision"]) == ("accuracy", "float32")
    assert (found["candidates"], found["distinct_is_exact"]) == (300, True)
    assert [row["native"] for row in found["top"]] == read_table("best.csv").native
    other = json.loads(run("rank", predictor, *ASKED, "--top", 25, "--seed", 1, "--json"))
    assert other["top"] != found["top"]


def test_what_exists_is_kept_unless_it_is_a_ranking(run, here, predictor):
    asked = ("rank", predictor, *ASKED, "--out", "best.csv")
    (here / "best.csv").write_text("mine")
    assert "exists, and is not what this command writes" in one_line(run(*asked, code=2))
    assert (here / "best.csv").read_text() == "mine"
    run(*asked, "--force")
    run(*asked)
    assert is_ranked(here / "best.csv")
    assert "is written as .parquet, .csv, .jsonl" in one_line(run(*asked[:-1], "best.txt", code=2))


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5", "nan", "inf", ""])
def test_counts_that_are_none_are_refused(run, here, predictor, count):
    shown = run("rank", predictor, "--space", "nasbench201", f"--sample={count}", code=2)
    assert "is not a whole number of at least 1" in " ".join(shown.split())


def test_what_cannot_be_ranked_is_one_line(run, here, predictor):
    def refused(*arguments):
        return one_line(run("rank", predictor, *arguments, code=2))

    space = ("--space", "nasbench201")
    assert "at most 1e+15" in refused(*space, "--sample", "1e30")
    assert "at most 10, not 20" in refused(*space, "--sample", 10, "--top", 20)
    assert "did you mean 'darts'" in refused("--space", "dart", "--sample", 10)
    assert "darts: row 0: unknown operations" in refused("--space", "darts", "--sample", 10)
    assert "too many to enumerate" in refused("--space", "darts", "--space-all")
    assert "give --space NAME" in refused("--sample", 10)
    assert "give one of them" in refused(*space, "--sample", 10, "--space-all")
    assert "--limit: is for the candidates of a table" in refused(*space, "--sample", 10, "--limit", "20ms")
    assert "--numbers-in-names: is for" in refused(*space, "--sample", 10, "--numbers-in-names")
    assert "has learnt accuracy" in refused(*space, "--sample", 10, "--metric", "size")
    assert "give one of float32, auto, bfloat16" in refused(*space, "--sample", 10, "--precision", "half")
    assert "precision bfloat16: " in refused(*space, "--sample", 10, "--precision", "bfloat16")
    assert "no context" in refused(*space, "--sample", 10, "--device", "pixel")
    nowhere = one_line(run("rank", "nowhere", *space, "--sample", 10, code=2))
    assert "nowhere: no such folder; a predictor is the folder that" in nowhere
