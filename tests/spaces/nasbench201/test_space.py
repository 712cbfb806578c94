from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table, read_table
from archflow.networks.counting import count_flops, count_parameters
from archflow.spaces import SPACES, NASBench201, sample_classes
from archflow.spaces.nasbench201 import GRAPH_EDGES, OPERATIONS

SPACE = NASBench201()
ALL = SPACE.enumerate()
GOOD = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
REAL_DATA = Path(__file__).parents[4] / "shared" / "data" / "nasbench201.parquet"

cells = st.integers(0, NASBench201.size - 1).map(ALL.__getitem__)


@pytest.fixture(scope="module")
def real() -> Table:
    if not REAL_DATA.is_file():
        pytest.skip("the real NAS-Bench-201 table is not beside the repository (../shared/data)")
    return read_table(REAL_DATA, SPACE.vocabulary)


def test_space_is_registered() -> None:
    assert SPACES.get("nasbench201") is NASBench201


def test_parse_gives_the_published_graph() -> None:
    architecture = SPACE.parse(GOOD)
    assert architecture.ops == (
        "input",
        "nor_conv_3x3",
        "none",
        "avg_pool_3x3",
        "skip_connect",
        "nor_conv_1x1",
        "nor_conv_3x3",
        "output",
    )
    assert architecture.edges == GRAPH_EDGES


@given(cells)
def test_format_and_parse_are_inverse(cell: Architecture) -> None:
    assert SPACE.parse(SPACE.format(cell)) == cell


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("avg_pool_3x3", "avg_pol_3x3"), "'avg_pol_3x3' at character 26"),
        (GOOD.replace("~1|nor_conv_3x3~2", "~2|nor_conv_3x3~2"), "expected '~1|' at character 70, found '~2|'"),
        (GOOD.removesuffix("|"), "expected '~2|' at character 85"),
        (GOOD + "|", "ends at character 87"),
        (GOOD.replace("+", "", 1), r"expected '~0|\+|' at character 14"),
        ("", r"expected '|' at character 1, found ''"),
        ("nor_conv_3x3", "expected '|' at character 1"),
        ("|input~0|", "'input' at character 2"),
    ],
)
def test_typos_are_located(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message.replace("|", r"\|")):
        SPACE.parse(text)


@given(cells, st.data())
def test_damaged_strings_are_refused(cell: Architecture, data: st.DataObject) -> None:
    text = SPACE.format(cell)
    at = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ArchflowError, match=r"character \d+"):
        SPACE.parse(text[:at] + text[at + 1 :])


def test_enumeration_is_the_whole_space_once() -> None:
    assert len(ALL) == SPACE.size == 15_625
    texts = {SPACE.format(cell) for cell in ALL}
    assert len(texts) == SPACE.size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cell: Architecture(cell.ops[:-1], tuple(e for e in cell.edges if e[1] < 7)), "six operations"),
        (lambda cell: Architecture((*cell.ops[:3], "max_pool", *cell.ops[4:]), cell.edges), "node 3 is 'max_pool'"),
        (lambda cell: Architecture(cell.ops, ((0, 5), *cell.edges[1:])), "edges"),
    ],
)
def test_other_graphs_are_refused(change: Callable[[Architecture], Architecture], message: str) -> None:
    wrong = change(SPACE.parse(GOOD))
    for use in (SPACE.format, SPACE.canonical, SPACE.neighbours, SPACE.build):
        with pytest.raises(ArchflowError, match=message):
            use(wrong)


def test_costs_name_the_row_that_is_no_cell() -> None:
    good = SPACE.parse(GOOD)
    bad = Architecture(("input", "input", *good.ops[2:]), good.edges)
    with pytest.raises(ArchflowError, match=r"architecture 1 .*node 1 is 'input'"):
        SPACE.costs(ArchitectureSet.from_architectures([good, bad], SPACE.vocabulary))
    small = Architecture(("input", "output"), ((0, 1),))
    with pytest.raises(ArchflowError, match="architecture 2 "):
        SPACE.costs(ArchitectureSet.from_architectures([good, good, small], SPACE.vocabulary))


@given(cells, st.integers(0, 2**32))
def test_mutation_changes_one_operation(cell: Architecture, seed: int) -> None:
    mutant = SPACE.mutate(cell, np.random.default_rng(seed))
    assert mutant.edges == cell.edges
    assert sum(a != b for a, b in zip(cell.ops, mutant.ops, strict=True)) == 1
    assert SPACE.parse(SPACE.format(mutant)) == mutant


@given(cells)
def test_neighbours_are_all_one_operation_away(cell: Architecture) -> None:
    around = [SPACE.format(neighbour) for neighbour in SPACE.neighbours(cell)]
    expected = {
        SPACE.format(Architecture((*cell.ops[:node], op, *cell.ops[node + 1 :]), cell.edges))
        for node in range(1, 7)
        for op in OPERATIONS
        if op != cell.ops[node]
    }
    assert len(around) == 24
    assert set(around) == expected


def test_mutation_reaches_every_neighbour() -> None:
    cell, generator = SPACE.parse(GOOD), np.random.default_rng(0)
    assert len({SPACE.mutate(cell, generator) for _ in range(400)}) == 24


def test_samples_are_uniform_and_follow_the_generator() -> None:
    first, again = (SPACE.sample(3000, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.op, again.op)
    assert len(SPACE.sample(0, np.random.default_rng(0))) == 0
    counts = np.stack([np.bincount(column, minlength=7)[2:] for column in first.op.reshape(-1, 8)[:, 1:7].T])
    assert (np.abs(counts - 600) < 5 * np.sqrt(3000 * 0.2 * 0.8)).all()


def test_skip_connections_merge_and_none_is_zero() -> None:
    direct = SPACE.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|")
    other = SPACE.parse("|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|")
    assert SPACE.canonical(direct) == SPACE.canonical(other)
    assert SPACE.canonical(direct) != SPACE.canonical(SPACE.parse(GOOD))


def test_classes_are_the_published_number() -> None:
    assert len({SPACE.canonical(cell) for cell in ALL}) == 6466


def test_sampled_classes_differ() -> None:
    chosen = sample_classes(SPACE, 500, np.random.default_rng(0))
    assert len({SPACE.canonical(cell) for cell in chosen}) == 500
    fewer = sample_classes(SPACE, 100, np.random.default_rng(0))
    assert np.array_equal(fewer.op, chosen.op[: 100 * 8])
    assert len(sample_classes(SPACE, 6466, np.random.default_rng(1))) == 6466
    with pytest.raises(ArchflowError, match="6466 isomorphism classes, fewer than 6467"):
        sample_classes(SPACE, 6467, np.random.default_rng(0))


@settings(max_examples=12, deadline=None)
@given(
    cells,
    st.integers(1, 5),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(2, 12),
    st.tuples(st.integers(1, 3), st.integers(4, 11), st.integers(4, 11)),
)
def test_costs_agree_with_built_networks(
    cell: Architecture,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
) -> None:
    size = {"channels": channels, "cells_per_stage": cells_per_stage, "stages": stages}
    network = SPACE.build(cell, **size, classes=classes, image_channels=image_shape[0])
    costs = SPACE.costs(
        ArchitectureSet.from_architectures([cell], Vocabulary.of(cell.ops)),
        **size,
        classes=classes,
        image_shape=image_shape,
    )
    assert costs["params"] == [count_parameters(network)]
    assert costs["flops"] == [count_flops(network, image_shape)]


def test_network_maps_images_to_scores() -> None:
    network = SPACE.build(SPACE.parse(GOOD), channels=4, cells_per_stage=1, classes=7, image_channels=1, seed=2)
    assert network(torch.randn(3, 1, 9, 8)).shape == (3, 7)


def test_graphs_of_the_real_table(real: Table) -> None:
    assert real.native is not None
    ours = ArchitectureSet.from_architectures([SPACE.parse(text) for text in real.native], SPACE.vocabulary)
    for name in ("op", "node_ptr", "edge_src", "edge_dst", "edge_ptr"):
        assert np.array_equal(getattr(ours, name), getattr(real.architectures, name)), name
    assert {SPACE.format(cell) for cell in ALL} == set(real.native)


def test_classes_partition_the_real_table_as_published(real: Table) -> None:
    ours = [SPACE.canonical(cell) for cell in real.architectures]
    theirs = real.metric("isomorph_rep").tolist()
    assert len(set(zip(ours, theirs, strict=True))) == len(set(ours)) == len(set(theirs)) == 6466


def test_published_parameters_and_flops(real: Table) -> None:
    """Listed are means over trainings; for 1.3 % of the cells some of these are of an isomorphic cell."""
    classes: dict[str, list[int]] = {}
    for row, cell in enumerate(real.architectures):
        classes.setdefault(SPACE.canonical(cell), []).append(row)
    twins = {row: rows for rows in classes.values() for row in rows}
    # The listed FLOPs agree with a classifier of 100 classes at 32x32 pixels, in millions with two decimals.
    params = SPACE.costs(real.architectures)["params"] / 1e6
    flops = SPACE.costs(real.architectures, classes=100)["flops"] / 1e6
    for ours, listed, tolerance in (
        (params, real.metric("params_M"), 1e-6),
        (flops, real.metric("flops_M_in16"), 0.00501),
    ):
        differing = np.flatnonzero(np.abs(ours - listed) > tolerance)
        assert len(differing) <= 204
        for row in differing:
            counts = set(ours[twins[row]].tolist())
            means = [np.mean(some) for n in (2, 3) for some in combinations_with_replacement(counts, n)]
            assert np.abs(np.array(means) - listed[row]).min() < tolerance


def test_built_networks_have_the_published_parameters(real: Table) -> None:
    listed = real.metric("params_M")
    for row in (*range(6), *range(1000, 15_625, 1300)):
        built = count_parameters(SPACE.build(real.architectures[row]))
        assert built / 1e6 == pytest.approx(listed[row], rel=1e-6), row
