from pathlib import Path

import numpy as np
import pytest
import torch

from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.errors import ArchflowError
from archflow.networks.cell_network import CellNetwork
from archflow.networks.zero_cost import PROXIES
from archflow.spaces import NASBench201
from archflow_reproduce.results.page import results_page
from archflow_reproduce.speed import zero_cost as zero_cost_speed
from archflow_reproduce.speed.zero_cost import _ProductFlops
from archflow_reproduce.studies import zero_cost
from archflow_reproduce.studies.zero_cost import IMAGES, compared, count_elementwise, run_zero_cost
from tests.reproduce.results.records import write


def test_only_rows_that_both_have_are_compared() -> None:
    ours, theirs = np.array([1, 2, 3, np.nan, 4]), np.array([10, 30, 20, 5, np.nan])
    assert compared(ours, theirs) == {
        "spearman": 0.5, "kendall": 0.3333, "cells": 3, "missing": 1, "missing_there": 1,
    }  # fmt: skip
    assert compared(ours[:2], theirs[:2])["spearman"] is None
    assert compared(np.ones(4), np.arange(4.0))["kendall"] is None


def test_elementwise_operations_by_hand() -> None:
    network = CellNetwork([(0, 1, "avg_pool_3x3"), (0, 1, "nor_conv_1x1")], 2, 1, stages=1)
    # 2 x 4 x 4 values: stem's normalisation 2; pooling 9; ReLU 1 and normalisation 2 of the edge; the last two 2 + 1;
    # global pooling (4 + 1)^2 a channel.
    assert count_elementwise(network, (3, 4, 4)) == 32 * (2 + 9 + 1 + 2 + 2 + 1) + 2 * 25


def test_product_flops_of_a_forward_and_a_backward_pass() -> None:
    space = NASBench201()
    cell = space.enumerate().select([3 * (5**6 - 1) // 4])
    assert set(cell[0].ops[1:-1]) == {"nor_conv_3x3"}
    network = space.build(cell[0], cells_per_stage=1)
    flops = 2 * 4 * int(space.costs(cell, cells_per_stage=1)["flops"][0])
    images = torch.randn(4, 3, 32, 32)
    with _ProductFlops() as forward, torch.no_grad():
        network(images)
    assert forward.total == flops
    with _ProductFlops() as both:
        network(images).sum().backward()
    stem = 2 * 4 * 3 * 16 * 9 * 32 * 32  # the images need no gradient
    assert both.total == 3 * flops - stem


@pytest.mark.parametrize("images", list(IMAGES))
def test_images_are_those_of_the_published_network(images: str) -> None:
    data = IMAGES[images]()
    assert data.image_shape == (3, 32, 32)
    assert len(data.train_images) >= 64
    assert data.train_labels[:64].unique().tolist() == list(range(10))


def test_a_few_cells_against_the_reference(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(data_folder))
    monkeypatch.setattr(zero_cost, "BATCH", 2)
    monkeypatch.setattr(zero_cost_speed, "REPEATS", 1)
    result = run_zero_cost(3, "noise", tmp_path, processes=1, speed_cells=1, speed_batch=2)
    assert result["equal"] == {"params": True, "flops_with_elementwise": True}
    assert set(PROXIES.names()) - {"zen"} | {"zc_jacov", "zc_zen"} == set(result["reference"])
    assert result["reference"]["params"]["spearman"] == pytest.approx(1)
    assert set(result["accuracy"]) == set(PROXIES.names())
    speed = result["speed"]
    assert all(facts["seconds"] > 0 for facts in speed["proxies"].values())
    assert all(facts["share_of_roof"] < 1 for facts in speed["proxies"].values())
    assert sum(speed["time_share"].values()) == pytest.approx(1, abs=0.01)

    write(tmp_path / "results" / "proxies.json", "proxies", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Zero-cost proxies" in page
    assert "`params` equal to the reference's: yes" in page


def test_bad_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(ArchflowError, match="set ARCHFLOW_DATA"):
        run_zero_cost(3, "noise", tmp_path, processes=1, speed_cells=1)
    with pytest.raises(ArchflowError, match="there are: digits, noise"):
        run_zero_cost(3, "cats", tmp_path, processes=1, speed_cells=1)
