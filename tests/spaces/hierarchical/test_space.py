import itertools

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.networks.counting import count_parameters
from archflow.spaces.hierarchical import Hierarchical
from archflow.spaces.hierarchical import genotype as genes
from archflow.spaces.hierarchical.graph import genotypes_of
from archflow.testing import check_search_space

SPACE = Hierarchical()


def text_of(motifs: dict[int, str], cell: str) -> str:
    return "/".join([*(motifs.get(m, "000600") for m in range(1, 7)), cell])


def key(motifs: dict[int, str], cell: str) -> str:
    return SPACE.canonical(SPACE.parse(text_of(motifs, cell)))


def test_it_holds_the_contract(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(genes, "MUTATIONS", 30)  # smaller cells: every neighbour of some is looked at
    check_search_space(SPACE, seed=1)


def test_a_motif_is_flattened_wherever_it_stands():
    twice = SPACE.parse(text_of({2: "103024"}, "2000000200"))
    assert twice.ops == (
        "input",
        *("conv_1x1", "sep_conv_3x3", "depthwise_conv_3x3", "max_pool_3x3", "projection") * 2,
        "output",
    )


def test_a_direct_edge_is_one_primitive_and_its_projection():
    found = SPACE.parse(text_of({}, "0000001000"))
    assert found.ops == ("input", "identity", "projection", "output")
    assert found.edges == ((0, 1), (1, 2), (2, 3))
    assert count_parameters(SPACE.build(found, channels=4, stages=1, classes=2)) == (108 + 8) + (16 + 8) + 10


def test_a_node_concatenates():
    found = SPACE.parse(text_of({1: "600506"}, "0000001000"))
    # Node 3 gets a pooled input and, by way of node 1, nothing: 0->1 ends there, 0->3 and 2->3 are left.
    assert found.ops == ("input", "avg_pool_3x3", "projection", "output")
    wide = SPACE.parse(text_of({1: "600560"}, "0000001000"))
    assert wide.ops == ("input", "identity", "avg_pool_3x3", "identity", "projection", "output")
    # The projection takes twice four channels.
    assert count_parameters(SPACE.build(wide, channels=4, stages=1, classes=2)) == (108 + 8) + (32 + 8) + 10


def test_genotypes_of_one_network_share_their_canonical_form():
    reference = key({1: "100020"}, "0000001000")
    assert key({4: "100020"}, "0000004000") == reference  # another number for the motif
    assert key({1: "010002"}, "0000001000") == reference  # another for its inner node
    assert key({1: "100020", 3: "600123"}, "5000001000") == reference  # what is on no path, or not used
    assert key({1: "200010"}, "0000001000") != reference
    assert key({1: "100020", 2: "100020"}, "1000001200") == key({1: "100020"}, "1000001100")


def test_sets_are_read_as_single_architectures_are():
    some = SPACE.sample(4, np.random.default_rng(5))
    assert some.attributes is not None
    assert genotypes_of(some).tolist() == [
        [int(digit) for digit in SPACE.format(each).replace("/", "")] for each in some
    ]
    wrong = ArchitectureSet.concatenate([some, some.with_attributes(some.attributes[:, ::-1], some.attribute_names)])
    with pytest.raises(ArchflowError, match="architecture 4"):
        SPACE.keys(wrong)


def test_canonical_forms_are_those_of_isomorphic_graphs():
    texts = [text_of({1: motif}, cell) for motif in ("010002", "020001") for cell in ("0100000010", "0001000001")]
    parents = [*map(SPACE.parse, texts), SPACE.parse(text_of({}, "1000001100"))]
    some = [each for parent in parents for each in (parent, *list(SPACE.neighbours(parent))[::67])]
    plain = [(SPACE.canonical(a), type(a)(a.ops, a.edges).hash) for a in some]
    assert len({k for k, _ in plain}) == len({h for _, h in plain}) == len(set(plain)) < len(plain)


def test_size_counts_the_valid_motifs():
    there = [bits for bits in itertools.product((0, 1), repeat=6) if genes.live(bits)]
    cells = [bits for bits in itertools.product((0, 1), repeat=10) if genes.live(bits)]
    assert SPACE.size == sum(6 ** sum(b) for b in there) ** 6 * sum(6 ** sum(b) for b in cells)


def test_a_mutation_is_of_either_level_equally_often():
    start = np.repeat(genes.trivial()[None], 4000, 0)
    upper = (genes.mutated(start, np.random.default_rng(0)) != start)[:, -genes.CELL_EDGES :].any(1)
    # Either level is drawn again where a chain would break, the lower a little more often.
    assert 0.45 < upper.mean() < 0.6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("606006", "six times six digits"),
        (text_of({}, "0000007000"), "six times six digits"),
        (text_of({3: "600000"}, "0000001000"), "no path leads through motif 3"),
        (text_of({}, "1000000000"), "no path leads through the cell"),
    ],
)
def test_bad_strings_are_refused(text, said):
    with pytest.raises(ArchflowError, match=said):
        SPACE.parse(text)


def test_another_graph_is_refused():
    found = SPACE.parse(text_of({}, "0000001000"))
    with pytest.raises(ArchflowError, match="not the flattened genotype"):
        SPACE.format(type(found)(("input", "conv_1x1", "projection", "output"), found.edges, found.attributes))
    with pytest.raises(ArchflowError, match="needs the attribute"):
        SPACE.format(type(found)(found.ops, found.edges))
