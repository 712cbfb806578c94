from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.spaces.darts.graph import joined, separated
from tests.spaces.darts_genotypes import JSON, SPACE, genotypes, packed


def test_graph_is_two_components_of_operations_on_nodes() -> None:
    architecture = SPACE.parse(JSON)
    assert architecture.ops[:15] == (
        *("c_k-2", "c_k-1"),
        *("sep_conv_3x3", "sep_conv_3x3", "add"),
        *("sep_conv_3x3", "sep_conv_3x3", "add"),
        *("sep_conv_3x3", "skip_connect", "add"),
        *("skip_connect", "dil_conv_3x3", "add"),
        "concat",
    )
    normal = [(source, target) for source, target in architecture.edges if target < 15]
    assert normal == [
        *((0, 2), (1, 3), (2, 4), (3, 4)),
        *((0, 5), (1, 6), (5, 7), (6, 7)),
        *((1, 8), (0, 9), (8, 10), (9, 10)),
        *((0, 11), (4, 12), (11, 13), (12, 13)),
        *((4, 14), (7, 14), (10, 14), (13, 14)),
    ]
    assert min(source for source, target in architecture.edges if target >= 15) == 15


@given(genotypes(), st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(genotype: Architecture, random) -> None:
    edges = list(genotype.edges)
    random.shuffle(edges)
    assert SPACE.format(Architecture(genotype.ops, tuple(edges))) == SPACE.format(genotype)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: Architecture(a.ops[:-1], tuple(e for e in a.edges if e[1] < 29)), "29 nodes, two cells have 30"),
        (lambda a: Architecture(a.ops, a.edges[1:]), "39 edges, two cells have 40"),
        (lambda a: Architecture((*a.ops[:4], "concat", *a.ops[5:]), a.edges), "node 4 is 'concat', not add"),
        (lambda a: Architecture((*a.ops[:3], "add", *a.ops[4:]), a.edges), "node 3 is 'add', not none, max_pool_3x3"),
        (lambda a: Architecture((*a.ops[:3], "conv", *a.ops[4:]), a.edges), "unknown operation 'conv'"),
        (
            lambda a: Architecture(a.ops, ((14, 17), *(e for e in a.edges if e[1] != 17))),
            "14 -> 17 stands where 15, 16",
        ),
        (lambda a: Architecture(a.ops, ((0, 4), *a.edges[1:])), "edge 1 -> 3 stands where 0, 1 -> 2"),
        (lambda a: joined(packed(a))[0], "42 edges, two cells have 40; use `separated`"),
    ],
)
def test_other_graphs_are_refused(change: Callable[[Architecture], Architecture], message: str) -> None:
    good = SPACE.parse(JSON)
    wrong = change(good)
    uses = (SPACE.format, SPACE.genotype, SPACE.compact, SPACE.canonical, SPACE.neighbours, SPACE.build)
    for use in uses:
        with pytest.raises(ArchflowError, match=message):
            use(wrong)
    both = ArchitectureSet.from_architectures([good, wrong])
    with pytest.raises(ArchflowError, match=f"(architecture|row) 1.*{message}"):
        SPACE.costs(both)


def test_joined_cells_are_one_component_fed_by_two_inputs() -> None:
    architectures = SPACE.sample(50, np.random.default_rng(0)).recoded(Vocabulary(SPACE.vocabulary.ops[::-1]))
    whole = joined(architectures)
    assert whole.vocabulary == architectures.vocabulary
    for one, two in zip(whole, architectures, strict=True):
        assert one.ops == two.ops
        assert set(one.edges) - set(two.edges) == {(14, 15), (14, 16)}
        targets = {target for _, target in one.edges}
        assert [node for node in range(30) if node not in targets] == [0, 1]
    assert list(separated(whole)) == list(architectures)
    assert len(separated(joined(architectures.select([])))) == 0


def test_only_joined_genotypes_can_be_separated() -> None:
    architecture = SPACE.parse(JSON)
    with pytest.raises(ArchflowError, match=r"the architecture is not .*14 -> 15 and 14 -> 16"):
        separated(packed(architecture))
    extra = Architecture(architecture.ops, (*architecture.edges, (14, 15), (0, 3)))
    with pytest.raises(ArchflowError, match=r"architecture 1 is not .*14 -> 15 and 14 -> 16"):
        separated(packed(joined(packed(architecture))[0], extra))
    crossed = Architecture(architecture.ops, ((14, 17), *(e for e in architecture.edges if e[1] != 17)))
    with pytest.raises(ArchflowError, match="14 -> 17 stands where"):
        separated(packed(Architecture(crossed.ops, (*crossed.edges, (14, 15), (14, 16)))))
