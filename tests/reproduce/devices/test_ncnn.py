"""Unseen devices, on made-up runs: baselines, LeDG-Former, scores."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from archflow.encoders.operation_words import operation_words
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.sentences import shipped_texts
from archflow.testing import random_architectures
from archflow_reproduce.devices import ncnn
from archflow_reproduce.devices.ncnn_baselines import costs, process, trees, typical
from archflow_reproduce.devices.ncnn_ledg import LeDGSettings, ledg
from archflow_reproduce.devices.ncnn_runs import Runs, described, family, ncnn_runs, renamed, sentence
from archflow_reproduce.devices.ncnn_scores import by_device, medians, scores
from archflow_reproduce.results.devices_report import devices_report, summary

OPS = ("input", "conv2d", "relu", "output")
SMALL = LeDGSettings(width=8, depth=1, heads=2, hidden=8, epochs=30)


def made_runs(devices: int = 12, networks: int = 14) -> Runs:
    """Two kinds of devices, which disagree on what networks cost; a device's vector says its kind."""
    generator = np.random.default_rng(0)
    architectures = random_architectures(networks, seed=3, ops=OPS, attributes=("macs", "params", "bytes"))
    assert architectures.attributes is not None
    architectures = architectures.with_attributes(
        np.abs(np.nan_to_num(architectures.attributes)) + 0.1, ("macs", "params", "bytes")
    )
    kinds = np.arange(devices) % 2
    network = generator.normal(size=(2, networks))
    logs = network[kinds] + generator.normal(size=(devices, 1)) + 0.05 * generator.normal(size=(devices, networks))
    logs[0, 0] = np.nan
    names = np.array([f"device {number:02d}" for number in range(devices)])
    numbers = np.stack([2.0 * kinds - 1, np.zeros(devices)], 1)
    families = np.array(["even", "odd"])[kinds]
    sentences = tuple(f"{name}, kind {kind}" for name, kind in zip(names, kinds, strict=True))
    named = tuple(f"network {number}" for number in range(networks))
    return Runs(Table(architectures), named, logs, names, families, sentences, numbers, numbers[:, :1])


RUNS = made_runs()
FOLDS = np.stack([np.arange(12) % 3 != part for part in range(3)])


def test_the_typical_device_is_the_additive_fit():
    network, level = typical(np.add.outer([0.0, 1.0, 5.0], [1.0, 2.0, 4.0]))
    np.testing.assert_allclose(np.add.outer(level, network), np.add.outer([0.0, 1.0, 5.0], [1.0, 2.0, 4.0]))


def test_a_network_that_nobody_measured_is_average():
    network, _ = typical(np.array([[1.0, np.nan, 3.0], [2.0, np.nan, 4.0]]))
    assert network[1] == pytest.approx(network[[0, 2]].mean())


def test_baselines_are_of_known_runs_alone():
    changed = made_runs()
    changed.logs[~FOLDS[0]] += 7
    for baseline in (costs(changed, FOLDS[0]), costs(RUNS, FOLDS[0])):
        assert {"flops", "operation sum"} <= set(baseline)
    np.testing.assert_array_equal(costs(changed, FOLDS[0])["flops"], costs(RUNS, FOLDS[0])["flops"])
    np.testing.assert_array_equal(trees(changed, FOLDS[0]), trees(RUNS, FOLDS[0]))
    numbers = described(RUNS, "sheet")
    np.testing.assert_array_equal(process(changed, FOLDS[0], numbers), process(RUNS, FOLDS[0], numbers))


def test_a_process_that_sees_the_kind_ranks_better_than_the_typical_device():
    told, blind = (
        medians(
            by_device(
                process(RUNS, FOLDS[0], described(RUNS, how))[~FOLDS[0]], RUNS.logs[~FOLDS[0]], RUNS.devices[~FOLDS[0]]
            )
        )
        for how in ("sheet", "none")
    )
    assert told["spearman"] > 0.9 > blind["spearman"]


def test_ledg_former_learns_and_never_sees_the_runs_it_predicts():
    numbers = described(RUNS, "sheet")
    first, other = ledg(RUNS, FOLDS, numbers, SMALL, renamed=RUNS.table.architectures.vocabulary)
    changed = made_runs()
    changed.logs[~FOLDS[0]] += 7
    second, _ = ledg(changed, FOLDS[:1], numbers, SMALL)
    np.testing.assert_allclose(first[~FOLDS[0]], second[~FOLDS[0]], atol=1e-3)
    assert other is not None
    np.testing.assert_allclose(other, first, atol=1e-5)
    told = medians(by_device(first, RUNS.logs, RUNS.devices))
    network = np.stack([typical(RUNS.logs[known])[0] for known in FOLDS])[np.argmin(FOLDS, 0)]
    assert told["spearman"] > medians(by_device(network, RUNS.logs, RUNS.devices))["spearman"]


def test_scores_of_a_perfect_ranking_off_by_a_factor():
    measured = np.log(np.arange(1.0, 21.0))
    measured[3] = np.nan
    found = scores(measured + np.log(2), measured)
    assert found["spearman"] == pytest.approx(1)
    assert found["mape"] == pytest.approx(1)
    assert found["mape_1"] == pytest.approx(0, abs=1e-9)


def test_several_seeds_are_one_row():
    device = {"spearman": 1.0, "mape": 0.1, "mape_1": 0.1, "mape_3": 0.1, "mape_10": 0.1}
    found = summary({"a | 0": {"d": device}, "a | 1": {"d": {**device, "spearman": 0.5}}, "b": {"d": device}})
    assert found["a"]["spearman"] == 0.75
    assert set(found) == {"a", "b"}


def test_words_for_devices_and_runs():
    assert family("Qualcomm SDM660 Snapdragon 660") == "Snapdragon"
    assert family("Loongson 3A5000") == "Loongson"
    assert family("Sunway SW831") == "other"
    assert sentence("A board", 4, 2, False) == "A board, runs on the CPU with 4 threads, only the big cores"
    assert sentence("A board", 1, 0, True) == "A board, runs on the GPU"


def test_renamed_parts():
    vocabulary = RUNS.table.architectures.vocabulary
    assert renamed(vocabulary, {"relu": "rectifier"}).ops[vocabulary.index("relu")] == "rectifier"


def test_without_tables_it_says_so(monkeypatch):
    monkeypatch.delenv("ARCHFLOW_DATA", raising=False)
    with pytest.raises(ArchflowError, match=r"needs ncnn_graphs\.parquet"):
        ncnn_runs()


def test_variants_that_read_no_text_need_no_sentence_encoder(tmp_path, monkeypatch):
    monkeypatch.setattr(ncnn, "ncnn_runs", lambda: RUNS)
    monkeypatch.setattr(ncnn, "text_vectors", refuse)
    told = []
    asked: dict[str, Any] = {"seeds": 2, "settings": replace(SMALL, epochs=1), "say": told.append}
    wanted = {**asked, "variants": ("devices by data sheet", "one mask by data sheet"), "protocols": ("family",)}
    result = ncnn.run_ncnn(tmp_path, **wanted)
    found = result["scores"]["family"]
    of_one = ("devices by data sheet", "devices by data sheet, renamed", "one mask by data sheet")
    assert {f"{name} | {seed}" for name in of_one for seed in (0, 1)} < set(found)
    assert {"process, sheet", "process, one-hot", "devices by data sheet and process"} < set(found)
    assert "process, text" not in found
    assert "no process on text: no encoder" in told
    monkeypatch.setattr(ncnn, "ledg", None)  # nothing is run again
    assert ncnn.run_ncnn(tmp_path, **wanted) == result
    shown = devices_report(result)
    assert "| method " in shown
    assert " even " in shown  # a family
    with pytest.raises(ArchflowError, match="no encoder"):
        ncnn.run_ncnn(tmp_path, **asked)


def refuse(*_):
    raise ArchflowError("no encoder")


def test_a_fold_predicts_only_what_it_left_out():
    numbers = described(RUNS, "sheet")
    found = ncnn.left_out(RUNS, FOLDS, numbers)
    np.testing.assert_array_equal(found[~FOLDS[1]], process(RUNS, FOLDS[1], numbers)[~FOLDS[1]])


def test_the_package_carries_the_words_of_other_names():
    assert {operation_words(name) for name in ncnn.OTHER_NAMES.values()} <= set(shipped_texts())
