from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from archflow.errors import ArchflowError
from archflow.networks.cell_network import CellNetwork
from archflow.networks.images import DigitsDifficulty, ImageData, digits
from archflow.networks.trainer import TrainingSettings, evaluate, train

EDGES = [(0, 1, "nor_conv_3x3"), (1, 2, "skip_connect")]


@pytest.fixture(scope="module")
def easy() -> ImageData:
    return digits(DigitsDifficulty(train=300, validation=1000, noise=0.1, train_copies=1, copies=1))


def network(data: ImageData, seed: int = 0) -> CellNetwork:
    return CellNetwork(EDGES, 8, 1, 3, data.classes, data.image_shape[0], seed)


def test_training_learns_and_reports_what_evaluate_says(easy: ImageData) -> None:
    trained = network(easy)
    before = evaluate(trained, easy.test_images, easy.test_labels)[0]
    results = train(trained, easy, TrainingSettings(epochs=6), seed=0)
    assert before < 40
    assert results["test_accuracy"] > 80
    assert results["seconds"] > 0
    scores = trained.eval()(easy.validation_images)
    assert results["validation_accuracy"] == pytest.approx(
        100 * (scores.argmax(1) == easy.validation_labels).float().mean().item()
    )
    loss = functional.cross_entropy(scores, easy.validation_labels).item()
    assert results["validation_loss"] == pytest.approx(loss, rel=1e-5)


def test_same_seed_same_numbers(easy: ImageData) -> None:
    runs = [train(network(easy, seed), easy, TrainingSettings(), seed) for seed in (1, 1, 2)]
    for run in runs:
        del run["seconds"]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_order_of_the_batches_follows_the_seed(easy: ImageData) -> None:
    first, second = (train(network(easy), easy, TrainingSettings(), seed) for seed in (1, 2))
    assert first["test_loss"] != second["test_loss"]


def test_one_step_is_nesterov_descent(easy: ImageData) -> None:
    few = replace(easy, train_images=easy.train_images[:16], train_labels=easy.train_labels[:16])
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    weight = model[1].weight.detach().clone()
    functional.cross_entropy(model(few.train_images), few.train_labels).backward()
    assert model[1].weight.grad is not None
    gradient = model[1].weight.grad + 5e-4 * weight
    train(model, few, TrainingSettings(1, batch_size=16, learning_rate=0.3, momentum=0.9, warmup=0), seed=0)
    torch.testing.assert_close(model[1].weight.detach(), weight - 0.3 * 1.9 * gradient)


def test_divergence_is_reported(easy: ImageData) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with pytest.raises(ArchflowError, match="learning rate"):
        train(model, easy, TrainingSettings(epochs=5, learning_rate=1e30), seed=0)


def test_every_part_is_judged_by_its_own_labels(easy: ImageData) -> None:
    """Test labels that are garbage change nothing but what is said of the test part."""
    settings = TrainingSettings(epochs=2)
    planted = replace(easy, test_labels=(easy.test_labels + 5) % easy.classes)
    honest, other = (train(network(easy), data, settings, seed=0) for data in (easy, planted))
    for name in ("train_accuracy", "validation_accuracy", "train_loss", "validation_loss"):
        assert honest[name] == other[name]
    assert honest["test_accuracy"] > 50 > 20 > other["test_accuracy"]
    assert honest["test_loss"] < other["test_loss"]
