"""Proxies from the gradient of the scores by the images, from the whole Jacobian."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.networks.zero_cost.small import batch, tiny, value


def explicit_jacobian(network: nn.Module, images: Tensor) -> np.ndarray:
    """(B, pixels): the whole Jacobian of all scores of the batch by all its pixels, summed over the scores."""
    jacobian = torch.autograd.functional.jacobian(network, images)
    assert isinstance(jacobian, Tensor)
    return jacobian.sum((0, 1)).flatten(1).numpy()


def test_jacov_and_epe_nas_from_the_whole_jacobian() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images = images.double()
    rows = explicit_jacobian(network, images)
    eigenvalues = np.linalg.eigvals(np.corrcoef(rows)) + 1e-5
    expected = -np.sum(np.log(eigenvalues) + 1 / eigenvalues)
    assert value("jacov", network, images, labels) == pytest.approx(expected.real)
    by_class = [np.log(np.abs(np.corrcoef(rows[labels.numpy() == label])) + 1e-5).sum() for label in range(4)]
    assert value("epe_nas", network, images, labels) == pytest.approx(np.abs(by_class).sum())


def test_epe_nas_compares_many_classes_with_one_another() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 101)).double()
    images, labels = batch(size=4, channels=2)
    images = images.double()
    rows = explicit_jacobian(network, images)
    means = [np.log(np.abs(np.corrcoef(rows[labels.numpy() == label])) + 1e-5).sum() / 3 for label in range(4)]
    expected = sum(abs(a - b) for a in means for b in means) / 4
    assert value("epe_nas", network, images, labels) == pytest.approx(expected)
