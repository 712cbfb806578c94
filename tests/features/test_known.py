"""Which columns are known before training."""

import numpy as np
import pytest

from archflow.data.proxies import proxy_columns
from archflow.features.known import is_known, known_as_text, known_columns
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table, read_table
from tests.tables import scored_cells

KNOWN = (
    *("params", "params_M", "num_params", "numParams", "cora_para", "flops_M_in16", "MACs", "flops", "GFLOPs"),
    *("zc_jacov", "zc_epe_nas", "c10_synflow", "jacov", "model_size", "resolution", "depth", "width", "n_layers"),
)
MEASURED = (
    *("accuracy", "val_acc", "test_acc_mean", "top1", "loss", "cora_perf", "cora_latency", "pixel3_ms", "1080ti_1_ms"),
    *("train_time_s", "e4_energy_kWh", "energy", "predicted_params", "rank_flops", "measured_params", "arch_id"),
    *("index", "size_rank", "isomorph_rep", "seed", "gpu_memory", "train_depth", "accuracy_per_flops", "seconds"),
)


@pytest.mark.parametrize("name", KNOWN)
def test_known_by_name(name):
    assert is_known(name)


@pytest.mark.parametrize("name", MEASURED)
def test_measured_by_name(name):
    assert not is_known(name)


def test_columns_with_gaps_constants_and_metrics_are_no_features():
    rows = 20
    values = np.arange(rows, dtype=np.float64)
    columns = {
        "params": values,
        "flops": np.where(values < 10, np.nan, values),
        "zc_a": np.where(values < 1, np.nan, values),
        "depth": np.zeros(rows),
        "macs": values,
    }
    table = Table(ArchitectureSet.from_architectures([Architecture(("a",), ())] * rows), columns)
    assert known_columns(table, ["-macs"]) == ["params", "zc_a"]


def test_proxies_are_known():
    values = np.arange(3, dtype=np.float64)
    names = ("zc_a", "params_M", "n_params", "flops_train", "cora_para")
    table = Table(ArchitectureSet.from_architectures([Architecture(("a",), ())] * 3), dict.fromkeys(names, values))
    assert proxy_columns(table) == list(names)
    assert set(known_columns(table, ())) == set(names) - {"flops_train"}


@pytest.mark.parametrize(
    "name",
    [
        *("latencies_size1", "lat_params", "energies_width", "errors_size", "throughputs_width", "ranks_ops"),
        *("achieved_gflops", "inference_speed_size224", "gflops_per_s", "flops_utilization", "success_ratio"),
        *("valacc_width", "testacc_size224", "peak_mem_size", "reward_depth", "objective_depth", "auroc_size"),
        *("zc_accuracy", "zc_latency_ms", "depth_absrel"),
    ],
)
def test_what_is_measured_is_not_known_whatever_else_its_name_says(name):
    assert not is_known(name)


@pytest.mark.parametrize("name", ["zc_grad_norm", "zc_l2_norm", "params", "num_params", "flops_M", "resolution"])
def test_proxies_and_counts_stay_known(name):
    assert is_known(name)


def test_known_columns_of_text_are_named(tmp_path):
    path = tmp_path / "cells.csv"
    scored_cells(4).write(path)
    head, *rows = path.read_text().splitlines()
    more = zip(rows, ('"9,123"', "many", "3", "4"), range(4), "abcd", strict=True)
    lines = [f"{head},params,flops,stem", *(f"{row},{params},{flops},{stem}" for row, params, flops, stem in more)]
    path.write_text("\n".join(lines) + "\n")
    table = read_table(path)
    assert known_as_text(table, ["score"]) == ["params"]
    assert known_columns(table, ["score"]) == ["flops"]
