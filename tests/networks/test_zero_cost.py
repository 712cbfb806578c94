import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.errors import ArchflowError
from archflow.networks.cell_network import CellNetwork
from archflow.networks.zero_cost import PROXIES, zero_cost

PAIRS = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
NAMES = [
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params", "plain", "snip",
    "synflow", "zen",
]  # fmt: skip
CELL = ["nor_conv_3x3", "skip_connect", "nor_conv_1x1", "avg_pool_3x3", "none", "nor_conv_3x3"]


def network_of(names: list[str], seed: int = 0) -> CellNetwork:
    cell = [(source, target, name) for (source, target), name in zip(PAIRS, names, strict=True)]
    return CellNetwork(cell, channels=4, cells_per_stage=1, image_channels=3, seed=seed)


def batch(count: int = 12, size: int = 8, channels: int = 3, classes: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(count, channels, size, size, generator=generator), torch.arange(count) % classes


def tiny(seed: int = 0) -> nn.Sequential:
    """Two weighted layers without normalisation, so that formulas can be written down."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 16, 4)).double()


def value(name: str, network: nn.Module, images: Tensor, labels: Tensor, seed: int = 0) -> float:
    return zero_cost(network, images, labels, [name], seed)[name]


def gradients(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Weights of the two layers and their gradients, by plain backward."""
    network = copy.deepcopy(network)
    functional.cross_entropy(network(images), labels).backward()
    weights = [network[0].weight, network[3].weight]  # pyright: ignore[reportIndexIssue]
    return [w.detach() for w in weights], [w.grad for w in weights]


def test_the_proxies_are_there() -> None:
    assert PROXIES.names() == NAMES


def test_finite_and_decided_by_the_seed() -> None:
    network, (images, labels) = network_of(CELL), batch()
    first, again = zero_cost(network, images, labels, seed=5), zero_cost(network, images, labels, seed=5)
    assert list(first) == NAMES
    assert all(math.isfinite(value) for value in first.values())
    assert first == again
    other = zero_cost(network, images, labels, seed=6)
    assert other["zen"] != first["zen"]
    assert {name for name in NAMES if other[name] != first[name]} == {"zen"}


@pytest.mark.parametrize("name", NAMES)
def test_a_proxy_alone_is_the_proxy_in_company(name: str) -> None:
    network, (images, labels) = network_of(CELL), batch()
    assert value(name, network, images, labels) == pytest.approx(zero_cost(network, images, labels)[name], rel=1e-3)


def test_the_network_and_the_random_numbers_stay_as_they_were() -> None:
    network, (images, labels) = network_of(CELL), batch()
    network.features[1].eval()  # modes differ among the modules
    network.classifier.weight.requires_grad_(False)
    network.features[0].weight.grad = torch.ones_like(network.features[0].weight)
    before = copy.deepcopy(network)
    pixels = images.clone()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with torch.no_grad():
        zero_cost(network, images, labels)
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(images, pixels)
    assert not images.requires_grad
    state = before.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    for module, old in zip(network.modules(), before.modules(), strict=True):
        assert module.training == old.training
        assert type(module) is type(old)
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad == (name != "classifier.weight")
        assert (parameter.grad is not None) == (name == "features.0.weight")


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_network_is_last_or_missing(name: str) -> None:
    images, labels = batch()
    dead = value(name, network_of(["none"] * 6), images, labels)
    alive = [value(name, network_of(cell), images, labels) for cell in (CELL, ["nor_conv_3x3"] * 6)]
    assert math.isnan(dead) or dead < min(alive)


def test_saliencies_are_the_formulas() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images = images.double()
    weights, grads = gradients(network, images, labels)
    found = zero_cost(network, images, labels, ["snip", "plain", "grad_norm", "l2_norm"])
    pairs = list(zip(weights, grads, strict=True))
    assert found["snip"] == pytest.approx(sum(float((w * g).abs().sum()) for w, g in pairs))
    assert found["plain"] == pytest.approx(sum(float((w * g).sum()) for w, g in pairs))
    assert found["grad_norm"] == pytest.approx(sum(float(g.square().sum()) ** 0.5 for g in grads))
    assert found["l2_norm"] == pytest.approx(sum(float(w.square().sum()) ** 0.5 for w in weights))


def test_grasp_is_the_difference_of_gradients_along_the_gradient() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images, step = images.double(), 1e-5
    weights, grads = gradients(network, images, labels)

    def moved(sign: int) -> list[Tensor]:
        there = copy.deepcopy(network)
        with torch.no_grad():
            for layer, gradient in zip((there[0], there[3]), grads, strict=True):
                layer.weight += sign * step * gradient
        return gradients(there, images, labels)[1]

    hessian_gradient = [(ahead - behind) / (2 * step) for ahead, behind in zip(moved(1), moved(-1), strict=True)]
    expected = -sum(float((w * hg).sum()) for w, hg in zip(weights, hessian_gradient, strict=True))
    assert value("grasp", network, images, labels) == pytest.approx(expected, rel=1e-5)


def test_fisher_from_a_gate_on_every_channel() -> None:
    # The gradient by a factor on channel c of image b is the sum over its pixels of activation times gradient.
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images, count = images.double(), len(labels)
    gate = torch.ones(count, 3, 1, 1, dtype=torch.float64, requires_grad=True)
    scale = torch.ones(count, 4, dtype=torch.float64, requires_grad=True)
    features = network[2](network[1](network[0](images) * gate))
    functional.cross_entropy(network[3](features) * scale, labels).backward()
    assert gate.grad is not None
    assert scale.grad is not None
    expected = float(gate.grad.square().sum() + scale.grad.square().sum()) / (2 * count)
    assert value("fisher", network, images, labels) == pytest.approx(expected)


def test_synflow_by_hand_on_a_chain() -> None:
    # A chain of weights w1 w2 of one path each: R = sum over hidden units |w2| |w1| 1 + |w2| |b1| + |b2|.
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.5]]))
        network[1].bias.copy_(torch.tensor([-1.0, 2.0]))
        network[4].weight.copy_(torch.tensor([[2.0, -1.0], [-1.0, 4.0]]))
    images, labels = torch.zeros(4, 2, 1, 1), torch.arange(4) % 2
    columns = np.array([2 + 1, 1 + 4])  # of |w2|: how much of a hidden unit the scores take
    hidden_of_weights = np.array([1 + 2, 3 + 0.5])
    hidden = hidden_of_weights + np.array([1, 2])
    expected = math.log(columns @ hidden_of_weights + columns @ hidden)
    assert value("synflow", network, images, labels) == pytest.approx(expected)


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


def test_nwot_from_explicit_codes() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    codes = (network[0](images.double()) > 0).flatten(1).numpy()
    kernel = np.array([[np.sum(a == b) for b in codes] for a in codes], dtype=np.float64)
    assert value("nwot", network, images.double(), labels) == pytest.approx(np.linalg.slogdet(kernel)[1])


class Functional(nn.Module):
    """The tiny network with functions in place of modules."""

    def __init__(self, relu) -> None:
        super().__init__()
        self.layers = nn.ModuleList([tiny()[0], tiny()[3]])
        self.relu = relu

    def forward(self, images: Tensor) -> Tensor:
        return self.layers[1](self.relu(self.layers[0](images)).flatten(1))


@pytest.mark.parametrize(
    "relu", [functional.relu, torch.relu, torch.relu_, functional.relu6, nn.ReLU(inplace=True), nn.ReLU6()]
)
def test_rectifiers_are_seen_as_modules_and_as_functions(relu) -> None:
    images, labels = batch(size=4, channels=2)
    expected = zero_cost(tiny(), images.double(), labels, ["nwot", "snip", "fisher"])
    assert zero_cost(Functional(relu), images.double(), labels, ["nwot", "snip", "fisher"]) == pytest.approx(expected)


def test_without_rectifiers_nwot_is_missing() -> None:
    images, labels = batch(size=4, channels=2)
    assert math.isnan(value("nwot", Functional(torch.tanh), images.double(), labels))


def test_zen_is_the_change_of_features_and_what_normalising_took() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.append(nn.Linear(5, 4))
    images, labels = batch()
    generator = torch.Generator().manual_seed(2)
    weight = torch.randn(5, 3, 3, 3, generator=generator)
    torch.randn(4, 5, generator=generator)  # of the classifier, which has no part in it
    first, second = (torch.randn(images.shape, generator=generator) for _ in range(2))

    def features(x: Tensor) -> Tensor:
        maps = functional.conv2d(x, weight)
        mean = maps.mean((0, 2, 3), keepdim=True)
        return functional.relu((maps - mean) / (maps.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt())

    change = (features(first) - features(first + 0.01 * second)).abs().sum((1, 2, 3)).mean()
    variances = functional.conv2d(first, weight).var((0, 2, 3), correction=0)
    expected = math.log(change) + math.log(variances.mean().sqrt())
    assert value("zen", network, images, labels, seed=2) == pytest.approx(expected, rel=1e-4)


def test_zen_leaves_out_what_normalises_nothing() -> None:
    images, labels = batch()
    with_dead_end = network_of(["none", "nor_conv_3x3", "nor_conv_1x1", "none", "nor_conv_3x3", "nor_conv_1x1"])
    assert math.isfinite(value("zen", with_dead_end, images, labels))


def test_shared_weights_count_once() -> None:
    shared = nn.Linear(8, 8)
    twin = nn.Linear(8, 8)
    twin.weight = shared.weight
    images, labels = batch(size=2, channels=2)
    found = value("l2_norm", nn.Sequential(nn.Flatten(), shared, nn.ReLU(), twin), images, labels)
    assert found == pytest.approx(shared.weight.norm().item())


def test_a_value_that_is_not_finite_is_missing() -> None:
    network, (images, labels) = tiny().float(), batch(size=4, channels=2)
    with torch.no_grad():
        network[3].weight.fill_(float("inf"))
    found = zero_cost(network, images, labels, ["snip", "l2_norm", "synflow", "params"])
    assert math.isnan(found["snip"])
    assert math.isnan(found["l2_norm"])
    assert found["params"] == 2 * 3 * 9 + 3 + 48 * 4 + 4


IMAGES, LABELS = batch()


@pytest.mark.parametrize(
    ("network", "images", "labels", "names", "message"),
    [
        (network_of(CELL), IMAGES[0], LABELS, ["snip"], "images are (3, 8, 8)"),
        (network_of(CELL), IMAGES[:1], LABELS[:1], ["snip"], "at least two images"),
        (network_of(CELL), IMAGES.long(), LABELS, ["snip"], "give floats"),
        (network_of(CELL), IMAGES, LABELS[:3], ["snip"], "each of the 12 images"),
        (network_of(CELL), IMAGES, LABELS.float(), ["snip"], "torch.float32"),
        (network_of(CELL), IMAGES, LABELS - 1, ["snip"], "an integer from 0"),
        (network_of(CELL), IMAGES, LABELS + 9, ["snip"], "label 12, but the network has 10 classes"),
        (network_of(CELL), IMAGES, LABELS, ["synflov"], "did you mean 'synflow'"),
        (nn.Flatten(), IMAGES, LABELS, ["snip"], "no parameters"),
        (nn.Conv2d(3, 2, 3), IMAGES, LABELS, ["snip"], "gives (12, 2, 6, 6)"),
    ],
)
def test_bad_input_is_told(network, images, labels, names, message) -> None:
    with pytest.raises(ArchflowError) as error:
        zero_cost(network, images, labels, names)
    assert message in str(error.value)
