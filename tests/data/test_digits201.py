"""The embedded benchmark is what its card says."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import archflow.data
from archflow.data import load
from archflow.data.labelling import seed_agreement
from archflow.data.proxy_job import NetworkProxies
from archflow.data.trained_accuracy import TrainedAccuracy
from archflow.graph.table import Table
from archflow.networks.images import DigitsDifficulty, digits
from archflow.networks.trainer import TrainingSettings
from archflow.spaces import NASBench201
from archflow.testing import check_evaluator

SPACE = NASBench201()
FOLDER = Path(archflow.data.__file__).parent


@pytest.fixture(scope="module")
def table() -> Table:
    return load("digits201")


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((FOLDER / "digits201.json").read_text())


def test_size(table: Table) -> None:
    assert len(table) >= 2000
    assert (FOLDER / "digits201.parquet").stat().st_size < 1e6


def test_cells_are_of_different_classes(table: Table) -> None:
    assert table.native is not None
    assert len({SPACE.canonical(SPACE.parse(text)) for text in table.native}) == len(table)
    assert [SPACE.format(cell) for cell in table.architectures] == table.native


def test_every_training_is_there(table: Table, card: dict) -> None:
    assert card["failures"] == 0
    measured = {name: values for name, values in table.metrics.items() if not name.startswith("zc_")}
    assert all(np.isfinite(values).all() for values in measured.values())
    for metric in ("train_accuracy", "validation_accuracy", "test_accuracy", "validation_loss", "seconds"):
        seeds = np.stack([table.metric(f"{metric}_seed{seed}") for seed in range(3)])
        np.testing.assert_allclose(table.metric(metric), seeds.mean(axis=0), rtol=1e-5)


def test_seeds_agree_as_the_card_says(table: Table, card: dict) -> None:
    for metric, tau in card["seed_to_seed_kendall_tau"].items():
        assert seed_agreement(table.metrics, metric, range(3)) == pytest.approx(tau)
    assert min(card["seed_to_seed_kendall_tau"].values()) > 0.65


def test_costs_are_those_of_the_networks(table: Table, card: dict) -> None:
    shape = tuple(card["images"]["shape"])
    configuration = card["configuration"]
    costs = SPACE.costs(
        table.architectures,
        **configuration["size"],
        classes=10,
        image_shape=shape,
    )
    np.testing.assert_allclose(table.metric("params"), costs["params"])
    np.testing.assert_allclose(table.metric("flops") * 1e6, costs["flops"], rtol=1e-6)


def test_training_a_cell_again_gives_its_accuracy(table: Table, card: dict) -> None:
    configuration = card["configuration"]
    evaluate = TrainedAccuracy(
        configuration["space"],
        partial(digits, DigitsDifficulty(**configuration["digits"])),
        TrainingSettings(**configuration["training"]),
        configuration["size"],
    )
    rows = [int(table.metric("test_accuracy_seed1").argmax()), int(table.metric("test_accuracy_seed1").argmin())]
    for row in rows:
        # Bit for bit on one machine; elsewhere the order of sums differs and training amplifies it.
        measured = evaluate(table.architectures[row], 1)["test_accuracy"]
        assert measured == pytest.approx(table.metric("test_accuracy_seed1")[row], abs=6)


def test_a_cells_proxies_again_are_those_of_the_table(table: Table) -> None:
    about = json.loads((FOLDER / "digits201.proxies.json").read_text())["configuration"]
    images = partial(digits, DigitsDifficulty(**about["digits"]))
    evaluate = NetworkProxies("nasbench201", images, tuple(about["names"]), about["batch_size"], about["size"])
    row = int(table.metric("test_accuracy").argmax())
    values = evaluate(table.architectures[row], about["seed"])
    for name, value in values.items():
        assert value == pytest.approx(table.metric(f"zc_{name}")[row], rel=0.01), name


def test_measuring_leaves_the_process_as_it_was() -> None:
    size = {"channels": 4, "cells_per_stage": 1}
    evaluate = TrainedAccuracy("nasbench201", partial(digits, DigitsDifficulty(train=32)), TrainingSettings(), size)
    threads = torch.get_num_threads()
    check_evaluator(evaluate, SPACE.sample(1, np.random.default_rng(0)))
    assert torch.get_num_threads() == threads
    assert torch.tensor([1e-310], dtype=torch.float64).mul(1).item() > 0, "denormal numbers are flushed to zero"
    assert 2.3e-308 / float("4") > 0
