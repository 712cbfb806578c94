from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from archflow.graph.table import Table, read_table
from archflow.networks.counting import count_parameters
from tests.spaces.darts_genotypes import GENOTYPE, PAPER, SPACE, packed


@pytest.fixture(scope="module")
def published(data_folder: Path) -> dict[str, Table]:
    names = ("nasbench301", "darts_trained")
    return {name: read_table(data_folder / f"{name}.parquet", SPACE.vocabulary) for name in names}


def test_paper_network_has_the_published_parameters() -> None:
    network = SPACE.build(SPACE.parse(GENOTYPE), **PAPER)
    assert count_parameters(network) == 3_349_342
    assert len(network.cells) == 20


@pytest.mark.parametrize("name", ["nasbench301", "darts_trained"])
def test_native_strings_of_the_tables(published: dict[str, Table], name: str) -> None:
    table = published[name][::4]
    assert table.native is not None
    parsed = [SPACE.parse(text) for text in table.native]
    ours = packed(*parsed)
    for column in ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr"):
        assert np.array_equal(getattr(ours, column), getattr(table.architectures, column)), column
    assert [SPACE.format(genotype) for genotype in parsed] == table.native


@pytest.mark.parametrize(("name", "rows", "size"), [("nasbench301", 1218, {}), ("darts_trained", 545, PAPER)])
def test_parameters_of_the_tables(published: dict[str, Table], name: str, rows: int, size: dict) -> None:
    listed = published[name].metric("params_M")
    measured = np.isfinite(listed)
    assert measured.sum() == rows
    params = SPACE.costs(published[name].architectures.select(measured), **size)["params"]
    # The second table is of 32-bit floats.
    np.testing.assert_allclose(params / 1e6, listed[measured], rtol=1e-15 if name == "nasbench301" else 6e-8)


# What the FLOPs of the tables count besides multiply-adds of convolutions, for each number that a layer puts out; and
# once for global pooling and classifier. The normalisation that tells `affine` networks from others is counted exactly.
SUITE_ZERO = {"ReLU": 1, "norm": 1, "affine norm": 2, "MaxPool2d": 9, "AvgPool2d": 9}
ONCE_NAS = {"affine norm": 4, "AvgPool2d": 1}


@pytest.mark.parametrize(
    ("name", "size", "weights", "rest"),
    [("nasbench301", {}, SUITE_ZERO, 512 * 91), ("darts_trained", PAPER, ONCE_NAS, 576 * 75)],
)
def test_flops_of_the_tables(
    published: dict[str, Table], name: str, size: dict, weights: dict[str, int], rest: int
) -> None:
    listed = published[name].metric("flops_M")
    for row in np.flatnonzero(np.isfinite(listed))[:4]:
        architecture = published[name].architectures[row]
        network = SPACE.build(architecture, **size)
        put_out = _numbers_put_out(network)
        classifier = count_parameters(network.classifier) - 10
        flops = SPACE.costs(packed(architecture), **size)["flops"][0] - classifier + rest
        flops += sum(weight * put_out.get(kind, 0) for kind, weight in weights.items())
        assert flops / 1e6 == pytest.approx(listed[row], rel=1e-12 if name == "nasbench301" else 6e-8)


def _numbers_put_out(network: nn.Module) -> dict[str, int]:
    """kind of layer -> numbers that such layers put out for one CIFAR image."""
    counts: dict[str, int] = {}

    def count(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        kind = type(module).__name__
        if isinstance(module, nn.BatchNorm2d):
            kind = "affine norm" if module.affine else "norm"
        counts[kind] = counts.get(kind, 0) + output.numel()

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, 32, 32))
    return counts
