from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.search.evaluators.base import Wanted
from archflow.search.evaluators.parse import parse
from archflow.search.evaluators.table_columns import epochs_of
from archflow.spaces import NASBench201, TableSpace
from archflow.testing.evaluator import check_evaluator
from tests.search.studies import EPOCHS, measured_table


def test_a_query_draws_one_of_the_seeds():
    table = measured_table()
    target = parse(table, Wanted(metrics=("score",), reported=("score", "test_score")))
    architecture = table.architectures[5]
    drawn = {target.evaluate(architecture, seed)["score"] for seed in range(30)}
    assert drawn == {table.metric(f"score_seed{label}")[5] for label in range(3)}
    assert target.evaluate(architecture, 0)["test_score"] == table.metric("test_score")[5]
    assert target.evaluate(architecture, 4) == target.evaluate(architecture, 4)
    check_evaluator(target.evaluate, table.architectures.select(np.arange(4)))


def test_noise_can_be_left_out():
    table = measured_table()
    target = parse(table, Wanted(metrics=("score",), settings={"noise": False}))
    assert {target.evaluate(table.architectures[5], seed)["score"] for seed in range(9)} == {table.metric("score")[5]}


def test_a_seed_that_is_missing_is_not_drawn():
    table = measured_table()
    holes = {f"score_seed{label}": np.full(60, np.nan) for label in (1, 2)}
    target = parse(table.with_metrics(holes), Wanted(metrics=("score",)))
    drawn = {target.evaluate(table.architectures[5], seed)["score"] for seed in range(9)}
    assert drawn == {table.metric("score_seed0")[5]}
    holes["score_seed0"] = np.full(60, np.nan)
    plain = parse(table.with_metrics(holes), Wanted(metrics=("score",)))
    assert plain.evaluate(table.architectures[5], 0)["score"] == table.metric("score")[5]


def test_the_mean_of_the_seeds_stands_for_a_column_that_is_not_there():
    table = measured_table()
    seeds = {f"other_s{label}": table.metric(f"score_seed{label}") for label in range(3)}
    target = parse(table.with_metrics(seeds), Wanted(metrics=("score",), reported=("other",)))
    mean = np.mean([column[7] for column in seeds.values()])
    assert target.evaluate(table.architectures[7], 0)["other"] == pytest.approx(mean)


def test_a_curve_costs_the_part_of_the_seconds():
    table = measured_table()
    target = parse(table, Wanted(metrics=("acc_36",), by_epoch=True))
    curve = list(target.evaluate.curve(table.architectures[2], 0))
    assert target.evaluate.epochs == EPOCHS
    assert [(epoch, metrics["acc_36"]) for epoch, metrics in curve] == [
        (epoch, table.metric(f"acc_{epoch}")[2]) for epoch in EPOCHS
    ]
    whole = table.metric("seconds")[2]
    np.testing.assert_allclose([metrics["seconds"] for _, metrics in curve], [whole * e / 36 for e in EPOCHS])


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("val_acc_108", {4: "val_acc_4", 108: "val_acc_108"}),
        ("val_acc_4", {}),
        ("v4_e36_val_mean3", {4: "v4_e4_val_mean3", 36: "v4_e36_val_mean3"}),
        ("loss_ep10", {3: "loss_ep3", 10: "loss_ep10"}),
        ("cifar100_acc", {}),
        ("acc_s2", {}),
    ],
)
def test_only_numbers_of_epochs_make_a_curve(metric, expected):
    names = ["val_acc_4", "val_acc_108", "v4_e4_val_mean3", "v4_e36_val_mean3", "loss_ep3", "loss_ep10"]
    assert epochs_of([*names, "cifar10_acc", "cifar100_acc", "acc_s0", "acc_s1", "acc_s2"], metric) == expected


def test_only_what_is_measured_is_searched():
    table = measured_table()
    score = np.where(np.arange(60) < 40, table.metric("latency"), np.nan)
    target = parse(table.with_metrics({"partly": score}), Wanted(metrics=("partly",)))
    assert target.space.size == 40
    assert isinstance(target.space, TableSpace)
    with pytest.raises(ArchflowError, match="no architecture has a value of none"):
        parse(table.with_metrics({"none": np.full(60, np.nan)}), Wanted(metrics=("none",)))


def test_only_what_has_all_metrics_is_searched():
    table = measured_table()
    gaps = table.with_metrics({"power": np.where(np.arange(60) % 3 == 0, 1.0, np.nan)})
    target = parse(gaps, Wanted(metrics=("score", "power")))
    assert target.space.size == 20
    assert all(set(target.evaluate(each, 0)) >= {"score", "power"} for each in target.space.enumerate())


def test_what_is_known_before_training_goes_along():
    table = measured_table()
    target = parse(table, Wanted(metrics=("score",)))
    assert target.columns is not None
    known = target.columns(table.architectures.select(np.array([3, 1])))
    assert {name: known.metric(name).tolist() for name in known.metrics} == {
        "params": table.metric("params")[[3, 1]].tolist()
    }


def test_what_is_reported_is_not_known_before():
    target = parse(measured_table(), Wanted(metrics=("score",), reported=("params",)))
    assert target.columns is not None
    assert not target.columns(measured_table().architectures).metrics


def test_a_clock_that_runs_backwards_is_refused():
    table = measured_table().with_metrics({"seconds": np.full(60, -1.0)})
    with pytest.raises(ArchflowError, match="table: seconds has values below 0"):
        parse(table, Wanted(metrics=("score",)))


def test_a_space_that_the_table_holds_is_searched_itself():
    space = NASBench201()
    cells = space.enumerate()
    whole = Table(cells, {"score": np.arange(len(cells), dtype=float)})
    target = parse(whole, Wanted(space="nasbench201", metrics=("score",)))
    assert isinstance(target.space, NASBench201)
    assert target.evaluate(cells[777], 0) == {"score": 777.0}
    gap = np.where(np.arange(len(cells)) == 777, np.nan, 1.0)
    assert parse(Table(cells, {"score": gap}), Wanted(space="nasbench201", metrics=("score",))).space.size == 15_624
    part = parse(whole.select(np.arange(100)), Wanted(space="nasbench201", metrics=("score",)))
    assert part.space.size == 100
    assert part.note == "table has values of 100 of the 15,625 architectures of nasbench201; only these are searched"


def test_files_beside_a_benchmark_bring_columns(tmp_path, monkeypatch):
    table = measured_table()
    named = table.with_metrics({"arch_id": np.arange(60), "cifar10_val_acc": table.metric("score")})
    named.write(tmp_path / "nasbench201.parquet")
    keys = np.arange(59, -1, -1)
    more = {"arch_id": keys, "cifar10_edge_latency": keys * 2.0, "cifar10_val_acc_s0": keys * 1.0}
    parquet.write_table(pa.table(more), tmp_path / "nasbench201_more.parquet")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    target = parse("nasbench201", Wanted(metrics=("cifar10_val_acc", "edge_latency")))
    assert target.metrics == ("cifar10_val_acc", "cifar10_edge_latency")
    with_test = named.with_metrics({"cifar10_test_acc": table.metric("score")})
    with_test.write(tmp_path / "nasbench201.parquet")
    assert parse("nasbench201", Wanted()).metrics == ("cifar10_val_acc",)  # nothing is selected by test data
    found = target.evaluate(table.architectures[11], 0)
    assert (found["cifar10_edge_latency"], found["cifar10_val_acc"]) == (22.0, 11.0)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(metrics=("scor",)), "no metric is called 'scor'; did you mean 'score'"),
        (Wanted(), "which metric"),
        (Wanted(metrics=("score",), reported=("test_scores",)), "did you mean 'test_score'"),
        (Wanted(metrics=("score",), settings={"nois": 1}), "did you mean 'noise'"),
        (Wanted(metrics=("score",), settings={"seconds": "second"}), "did you mean 'seconds'"),
        (Wanted(metrics=("score",), settings={"seconds": ["seconds"]}), "must be the name of a column"),
        (Wanted(metrics=("score",), settings={"noise": "no"}), "evaluate.noise must be true or false, not 'no'"),
        (Wanted(metrics=("score",), by_epoch=True), "no column of score after fewer epochs"),
        (Wanted(space="nasbench101", metrics=("score",)), "is not a table of the space nasbench101"),
    ],
)
def test_what_the_table_lacks_is_said(wanted, message):
    with pytest.raises(ArchflowError, match=message):
        parse(measured_table(), wanted)


def test_an_architecture_that_is_not_there_fails():
    target = parse(measured_table(), Wanted(metrics=("score",)))
    space = NASBench201()
    drawn = space.sample(300, np.random.default_rng(9))
    strange = next(each for each in drawn if not target.space.contains(each))
    with pytest.raises(ArchflowError, match="the table does not have it"):
        target.evaluate(strange, 0)


def test_another_table_is_another_search():
    table = measured_table()
    one = parse(table, Wanted(metrics=("score",))).evaluate.config
    other = parse(table.with_metrics({"score": table.metric("score") + 1}), Wanted(metrics=("score",))).evaluate.config
    assert one["table"] != other["table"]
    assert one == parse(replace(table), Wanted(metrics=("score",))).evaluate.config
