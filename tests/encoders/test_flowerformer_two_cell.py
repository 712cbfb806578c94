"""FlowerFormer for two cells against its equations, and both versions on real pairs of cells."""

import numpy as np
import pytest
import torch
from torch import Tensor

from archflow.encoders import FlowerFormer, FlowerFormerTwoCell, stack
from archflow.encoders.flowerformer import FlowerLayer
from archflow.encoders.flowerformer_two_cell import TwoCellLayer
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.seeding import seeded
from archflow.spaces.darts import DARTS, joined
from archflow.testing import check_encoder, random_architectures
from tests.cell_pairs import paired
from tests.encoders.test_flowerformer import made, reference, reference_walk


def cells_of(architecture: Architecture) -> list[list[int]]:
    """The nodes of both cells; that of node 0 first."""
    if "concat" in architecture.ops:
        return [list(range(15)), list(range(15, 30))]  # DARTS, with inputs that nobody takes or without
    first = {0}
    for _ in architecture.ops:
        first |= {end for edge in architecture.edges if first & set(edge) for end in edge}
    return [sorted(first), sorted(set(range(len(architecture.ops))) - first)]


def there_over_and_back(layer: FlowerLayer, x: Tensor, architecture: Architecture) -> Tensor:
    assert isinstance(layer, TwoCellLayer)
    states = reference_walk(layer.forth, x, architecture, False)
    sending, hearing = ({edge[end] for edge in architecture.edges} for end in (0, 1))
    ends = [[node for node in cell if node in hearing - sending] for cell in cells_of(architecture)]
    mix = layer.exchange.mix
    mixed = torch.cat([states[end].mean(0) for end in ends]) @ mix.weight[0] + mix.bias[0]  # type: ignore[index]
    for end, told in zip(ends, mixed.chunk(2), strict=True):
        states[end] = told
    return reference_walk(layer.back, states, architecture, True)


def two_cell_reference(encoder: FlowerFormerTwoCell, architectures: ArchitectureSet) -> tuple[Tensor, Tensor]:
    """Node and architecture embeddings."""
    states = reference(encoder, architectures, there_over_and_back)
    nodes, means = [], []
    for architecture, x in zip(architectures, states.split(architectures.node_counts.tolist()), strict=True):
        own = torch.zeros(len(x), 2, x.shape[1])
        cells = cells_of(architecture)
        for half, cell in enumerate(cells):
            own[cell, half] = x[cell]
        nodes.append(own.flatten(1))
        means.append(torch.cat([x[cell].mean(0) for cell in cells]))
    return torch.cat(nodes), torch.stack(means)


def agrees_with_its_equations(architectures: ArchitectureSet, training: bool) -> None:
    encoder = made(architectures, FlowerFormerTwoCell, attention_dropout=0.0).train(training)
    with torch.no_grad():
        nodes, means = two_cell_reference(encoder, architectures)
        torch.testing.assert_close(encoder(Batch(architectures)), nodes, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(encoder.embed(Batch(architectures)), means, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def pairs(data_folder) -> ArchitectureSet:
    """A few rows of NAS-Bench-301."""
    return read_table(data_folder / "nasbench301.parquet").architectures.select(np.arange(0, 12_000, 1_000))


@pytest.mark.parametrize("training", [False, True])
def test_the_whole_encoder_is_its_equations(training):
    """Cells of any size, numbered through each other, some with several ends."""
    agrees_with_its_equations(paired(random_architectures(24, seed=1)), training)


@pytest.mark.parametrize("training", [False, True])
def test_the_whole_encoder_is_its_equations_on_genotypes(training):
    agrees_with_its_equations(DARTS().sample(6, np.random.default_rng(0)), training)


def test_the_whole_encoder_is_its_equations_on_real_pairs(pairs):
    agrees_with_its_equations(pairs, False)


def test_the_whole_encoder_is_its_equations_where_an_input_is_not_taken(data_folder):
    genotypes = read_table(data_folder / "darts_trained.parquet").architectures
    missing = np.unique(np.flatnonzero(genotypes.undirected.degree == 0) // 30)
    agrees_with_its_equations(genotypes.select(missing[:6]), False)


def test_stacked_members_train_as_each_alone():
    architectures = paired(random_architectures(24, seed=5))
    runs = np.arange(24).reshape(3, 8)
    members = []
    for seed in range(3):
        with seeded(seed):
            members.append(FlowerFormerTwoCell(len(architectures.vocabulary), 16, 2, 4, attention_dropout=0.0).double())
    together, batch = stack(members), Batch(architectures, runs)
    assert batch.leveled.mask is not None  # the members differ in shape
    assert not batch.cell_ends.padded.is_full  # and the cells in how often they end
    together.embed(batch).square().sum().backward()
    for k, member in enumerate(members):
        member.embed(Batch(architectures, runs[k])).square().sum().backward()
        for name, parameter in member.named_parameters():
            stacked = together.get_parameter(name).grad
            assert stacked is not None
            assert parameter.grad is not None
            torch.testing.assert_close(
                stacked[k : k + 1], parameter.grad, msg=lambda text, name=name: f"{name}: {text}"
            )


def test_cells_are_numbered_by_their_first_node():
    """Renumbering within a cell changes nothing; with the cells the other way round it is another architecture."""
    genotypes = DARTS().sample(4, np.random.default_rng(1))
    encoder = made(genotypes, FlowerFormerTwoCell).eval()
    generator = np.random.default_rng(2)

    def renumbered(first: int, second: int) -> ArchitectureSet:
        orders = [np.r_[generator.permutation(15) + first, generator.permutation(15) + second] for _ in genotypes]
        architectures = [a.relabelled(order.tolist()) for a, order in zip(genotypes, orders, strict=True)]
        return ArchitectureSet.from_architectures(architectures, genotypes.vocabulary)

    with torch.no_grad():
        usual = encoder.embed(Batch(genotypes))
        within, across = encoder.embed(Batch(renumbered(0, 15))), encoder.embed(Batch(renumbered(15, 0)))
    torch.testing.assert_close(within, usual, rtol=1e-5, atol=1e-5)
    assert ((across - usual).abs().amax(1) > 0.01).all()
    assert ((across.roll(16, 1) - usual).abs().amax(1) > 0.01).all()  # nor is it the halves exchanged


def test_each_cell_hears_the_other():
    """Genotypes that differ in one operation of the reduction cell differ in the normal cell's half."""
    space = DARTS()
    first = space.sample(1, np.random.default_rng(3))[0]
    ops = list(first.ops)
    ops[17] = "max_pool_3x3" if ops[17] != "max_pool_3x3" else "sep_conv_3x3"
    both = ArchitectureSet.from_architectures([first, Architecture(tuple(ops), first.edges)], space.vocabulary)
    encoder = made(both, FlowerFormerTwoCell).double().eval()
    with torch.no_grad():
        one, other = encoder.embed(Batch(both))[:, :16]
    assert (one - other).abs().max() > 1e-6  # of numbers near 1, with 16 digits


def test_both_versions_keep_their_contract_on_real_pairs(pairs):
    n_ops = len(pairs.vocabulary)
    with seeded(0):
        check_encoder(FlowerFormerTwoCell(n_ops, 16, 2, 4), pairs)
        check_encoder(FlowerFormer(n_ops, 16, 2, 4), pairs)


def test_the_one_cell_version_reads_pairs_apart_and_joined(pairs):
    """Apart, the cells of a pair know nothing of each other; joined, what comes back tells the first of the second."""
    first, second = pairs[0], pairs[1]
    own = [edge for edge in first.edges if edge[1] < 15]
    mixed = Architecture((*first.ops[:15], *second.ops[15:]), (*own, *(e for e in second.edges if e[0] >= 15)))
    both = ArchitectureSet.from_architectures([first, mixed], pairs.vocabulary)
    encoder = made(both).eval()
    for architectures, apart in ((both, True), (joined(both), False)):
        with torch.no_grad():
            found = encoder(Batch(architectures))
            torch.testing.assert_close(found, reference(encoder, architectures), rtol=1e-5, atol=1e-5)
        one, other = found.view(2, 30, -1)[:, :15]
        assert torch.allclose(one, other, atol=1e-5) is apart


def test_what_is_not_two_cells_is_refused():
    three = random_architectures(3, seed=0)
    encoder = FlowerFormerTwoCell(len(three.vocabulary), 16, 2, 4)
    genotypes = DARTS().sample(2, np.random.default_rng(0))
    other = FlowerFormerTwoCell(len(genotypes.vocabulary), 16, 2, 4)
    with pytest.raises(ArchflowError, match=r"architecture 0 of the batch has 1 cell, not two"):
        other(Batch(joined(genotypes)))
    single = ArchitectureSet.from_architectures([Architecture(("pool",) * 3, ())], three.vocabulary)
    mixed = ArchitectureSet.concatenate([paired(three), single])
    with pytest.raises(ArchflowError, match=r"architecture 3 of the batch has 0 cells, not two"):
        encoder.embed(Batch(mixed))


def test_defaults_are_those_of_the_released_configuration():
    published = {"n_ops": 11, "width": 256, "depth": 8, "heads": 8, "attention_dropout": 0.3}
    assert published.items() <= FlowerFormerTwoCell(11).config.items()
    assert FlowerFormerTwoCell(11, width=16).dim == 32
