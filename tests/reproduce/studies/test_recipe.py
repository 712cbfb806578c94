"""The recipe under the protocol: every variant measured, resumable, told on the page of results."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archflow.data.proxies import proxy_columns, with_proxies
from archflow.errors import ArchflowError
from archflow.graph.effective import contracted, effective
from archflow.graph.table import Table
from archflow.predict import FineTuneSettings
from archflow.recipes.recipe import Recipe
from archflow_reproduce.results.page import results_page, results_summary
from archflow_reproduce.results.recipe_report import VARIANTS, recipe_table
from archflow_reproduce.studies.recipe import RecipeProtocol, rounded_measures, run_recipe, views_alike
from tests.reproduce.results.records import write
from tests.tables import scored_cells

SMALL = Recipe("gin", {"width": 16}, epochs=2, members=2, fine_tune=FineTuneSettings(3))
PROTOCOL = RecipeProtocol("score", ["zc_a", "params"], SMALL, labels=20, runs=2)


@pytest.fixture(scope="module")
def table() -> Table:
    cells = scored_cells(160)
    good = cells.metric("score")
    proxy = np.where(np.arange(160) % 9 == 0, np.nan, good + np.random.default_rng(2).normal(0, 1, 160))
    return Table(cells.architectures, {"score": good, "zc_a": proxy, "flops_M": good})


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    return folder, run_recipe(PROTOCOL, "cells", table, folder, processes=1)


def test_every_variant_has_every_run(finished):
    _, result = finished
    assert set(result["variants"]) == set(VARIANTS)
    for measures in result["variants"].values():
        assert len(measures["tau"]) == 2
        assert len(set(map(len, measures.values()))) == 1
    assert result["variants"]["recipe"]["inside_50"] <= result["variants"]["recipe"]["inside_95"]
    json.dumps(result, allow_nan=False)


def test_one_experiment_is_not_told_as_two(table, tmp_path):
    """Where views show nothing else than the whole architectures, rows that differ in the view alone are one."""
    assert views_alike(table.architectures) == []
    bare = contracted(effective(table.architectures))
    assert views_alike(bare) == ["effective", "contracted"]
    protocol = replace(PROTOCOL, proxies=["zc_a"], runs=1)
    result = run_recipe(protocol, "cells", replace(table, architectures=bare), tmp_path, processes=1)
    assert result["views_alike"] == ["effective", "contracted"]
    assert "fresh network" in result["variants"]
    assert "fresh network, whole" not in result["variants"]


def test_what_is_finished_is_not_done_again(finished, table, monkeypatch):
    folder, result = finished

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("archflow_reproduce.studies.recipe._run", forbidden)
    again = run_recipe(replace(PROTOCOL, runs=1), "cells", table, folder)
    assert again["variants"]["recipe"]["tau"] == result["variants"]["recipe"]["tau"][:1]
    other = replace(PROTOCOL, recipe=replace(SMALL, epochs=3))
    with pytest.raises(ArchflowError, match="holds a run of other settings or data"):
        run_recipe(other, "cells", table, folder)


def test_without_proxies_other_tasks_take_their_place(table, tmp_path):
    alone = replace(PROTOCOL, proxies=[], runs=1)
    result = run_recipe(alone, "cells", table, tmp_path, processes=1)
    assert set(result["variants"]) == set(VARIANTS) - {"process, proxies"}
    assert {path.name for path in tmp_path.glob("*/*.encoder")} == {
        "arch2vec-effective-21.encoder",
        "arch2vec-contracted-21.encoder",
        "flow-effective-21.encoder",
    }


def test_impossible_protocols_are_refused(table, tmp_path):
    with pytest.raises(ArchflowError, match="runs 10 must be 1 to 9"):
        replace(PROTOCOL, runs=10)
    with pytest.raises(ArchflowError, match="split 'half' is none of"):
        replace(PROTOCOL, split_by="half")
    spoilt = replace(table, metrics={**table.metrics, "score": np.where(np.arange(160) == 3, np.inf, 1.0)})
    with pytest.raises(ArchflowError, match="row 3: score is infinite"):
        run_recipe(PROTOCOL, "cells", spoilt, tmp_path)


def test_encoders_of_other_settings_or_data_are_not_taken_for_these(table, tmp_path):
    proxies = {"zc_a": table.metric("zc_a")}
    once = SMALL.pretrain(table.architectures, proxies, tmp_path, seed=3)
    again = replace(SMALL, members=7).pretrain(table.architectures, proxies, tmp_path, seed=3)
    assert len(list(tmp_path.iterdir())) == 1
    longer = replace(SMALL, epochs=3).pretrain(table.architectures, proxies, tmp_path, seed=3)
    without = SMALL.pretrain(table.architectures, {}, tmp_path, seed=3)
    weights = [next(pretrained[0].encoder.parameters()) for pretrained in (once, again, longer)]
    assert bool((weights[0] == weights[1]).all())
    assert not bool((weights[0] == weights[2]).all())
    assert [embedder.view for embedder in without] == ["effective", "contracted", "effective"]


def test_the_best_are_looked_for_among_the_predicted_best():
    truth = np.arange(200.0)
    measures = rounded_measures(truth, truth)
    assert measures["top10_in_1"] == 0.2
    assert measures["top10_in_5"] == 1.0
    assert rounded_measures(-truth, truth)["top10_in_5"] == 0


def test_the_page_tells_it_with_its_command(finished, tmp_path):
    write(tmp_path / "results" / "recipe.json", "recipe", {**finished[1], "proxy_table": None})
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## The recipe" in page
    assert "| 95 % interval" in page
    assert "archflow bench recipe --out results/recipe.json" in page
    assert "| recipe: networks and process                     | 2, 1 seed |" in page
    summary = [line.split("|") for line in results_summary(tmp_path / "results").splitlines()]
    row = next(cells for cells in summary if cells[1:] and cells[1].strip() == "`cells`")
    means = [np.mean(finished[1]["variants"][v]["tau"]) for v in ("recipe", "labels chosen")]
    assert [float(row[column].split()[0]) for column in (6, 8)] == pytest.approx(means, abs=5e-4)
    (heads, rows), _ = recipe_table(finished[1])
    assert heads[:3] == ["variant", "runs", "Kendall tau"]
    assert len(rows) == len(VARIANTS)


def test_proxies_of_another_table_come_by_architecture(table):
    rows = np.random.default_rng(3).permutation(160)[:100]
    more = Table(table.architectures.select(rows), {"zc_new": rows + 0.0, "other": rows + 0.0})
    joined = with_proxies(table, more)
    assert "other" not in joined.metrics
    # Isomorphic cells share what the table has for one of them.
    found = joined.metric("zc_new")
    same = table.architectures.hashes[found[rows].astype(int)] == table.architectures.hashes[rows]
    assert same.all()
    missing = ~np.isin(table.architectures.hashes, more.architectures.hashes)
    assert np.isnan(found[missing]).all()
    assert np.isfinite(found[~missing]).all()
    with pytest.raises(ArchflowError, match="no column zc_"):
        with_proxies(table, Table(more.architectures, {"other": rows + 0.0}))


def test_columns_that_are_proxies_are_known_by_name(table):
    assert proxy_columns(table) == ["zc_a", "flops_M"]
    sizes = {name: values for name, values in table.metrics.items() if not name.startswith("zc_")}
    assert proxy_columns(replace(table, metrics=sizes)) == []  # counts alone are not worth learning
    equal = {"zc_equal": np.full(len(table), 2.0), "zc_missing": np.full(len(table), np.nan)}
    assert proxy_columns(replace(table, metrics={**table.metrics, **equal})) == ["zc_a", "flops_M"]
