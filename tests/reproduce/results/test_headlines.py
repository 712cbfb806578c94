"""The README's headlines, by hand."""

import re

from archflow_reproduce.results.headlines import search_headline, travel_headline
from tests.reproduce.results.records import MACHINE, record
from tests.reproduce.results.test_travel_report import result


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[re.sub(r"\s+", " ", part.strip()) for part in line.strip("|").split("|")] for line in lines]


def test_the_default_beside_the_baselines_that_all_tables_have():
    few, more = result(), result()
    few["config"] = {**few["config"], "budgets": ["1%"]}
    for table in few["tables"].values():
        table["labels"] = {"1%": 30}
    heads, _, *found = rows(travel_headline([record("travel", few), record("travel", more)]))
    ahead = "archflow is ahead on"
    assert heads == ["predictor", "30 labels, 3 tables, 2 runs", ahead, "1 %, 3 tables, 2 runs", ahead]
    assert found == [
        ["archflow", "**0.700**", "", "**0.700**", ""],
        ["`trees`", "0.567", "2 of 3", "0.567", "2 of 3"],
    ]


def test_of_the_same_number_of_labels_the_record_of_most_tables():
    fewer = result()
    fewer["tables"] = dict(list(fewer["tables"].items())[:2])
    for records in ([fewer, result()], [result(), fewer]):
        heads, *_ = rows(travel_headline([record("travel", each) for each in records]))
        assert heads == ["predictor", "30 labels, 3 tables, 2 runs", "archflow is ahead on"]


def test_rows_on_which_choices_were_made_are_no_headline():
    assert travel_headline([record("travel", {**result(), "rows": "development"})]) == ""


def cell(values):
    return {"queries": [50, 100], "report": {"mean": values}}


def searches(seeds, tasks):
    return record("search", {"tasks": tasks, "config": {"seeds": seeds}, "machine": MACHINE})


def test_searches_with_the_most_seeds_and_the_methods_that_all_tasks_have():
    one = {"objectives": ["a"], "chosen_on": False, "cells": {"archflow": cell([90, 94.372]), "random": cell([1, 2])}}
    two = {
        "objectives": ["b"],
        "chosen_on": True,
        "cells": {"archflow": cell([0, 0.94891]), "random": cell([0, -4.5651]), "other": cell([1, 1])},
    }
    several = {**two, "objectives": ["a", "b"]}
    text = search_headline([searches(50, {"one": one, "several": several}), searches(50, {"two": two})])
    assert "mean over 50 seeds" in text
    heads, _, *found = rows(text)
    assert heads == ["method", "one", "two *"]
    assert found == [["`archflow`", "94.37", "0.9489"], ["`random`", "2.000", "-4.565"]]
    fewer = searches(10, {"three": one})
    assert search_headline([fewer, searches(50, {"two": two})]).count("three") == 0
    assert search_headline([]) == ""
