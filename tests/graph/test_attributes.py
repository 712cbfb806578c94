import copy
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.effective import VIEWS
from archflow.graph.subgraph import induced, without_edges
from archflow.testing import random_architectures
from tests.strategies import NAMES, NUMBERS, OPS, VOCABULARY, architectures, relabellings, sets

NAN = float("nan")
CHAIN = (("input", "conv", "output"), ((0, 1), (1, 2)))


def set_of(*given: Architecture) -> ArchitectureSet:
    return ArchitectureSet.from_architectures(given, VOCABULARY)


def columns(some: ArchitectureSet) -> dict[str, list[float]]:
    return {name: some.attribute(name).tolist() for name in some.attribute_names}


# One architecture


def test_attributes_have_a_normal_form():
    one = Architecture(*CHAIN, {"kernel": (NAN, 3, NAN), "absent": (NAN, NAN, NAN), "channels": [8, 0.1, -0.0]})
    assert list(one.attributes) == ["channels", "kernel"]
    assert one.attributes["channels"] == (8, float(np.float32(0.1)), 0)
    other = Architecture(*CHAIN, {"channels": np.array([8, 0.1, 0], np.float32), "kernel": [math.nan, 3, math.nan]})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Architecture(*CHAIN)
    assert one != Architecture(*CHAIN, {"kernel": (NAN, 3, NAN), "channels": [8, 0.1, NAN]})
    assert Architecture(*CHAIN, {"absent": (NAN, NAN, NAN)}) == Architecture(*CHAIN)
    assert repr(Architecture(*CHAIN)) == f"Architecture(ops={CHAIN[0]}, edges={CHAIN[1]})"
    assert "attributes={'channels': (8.0," in repr(one)
    with pytest.raises(TypeError):
        one.attributes["kernel"] = (1, 2, 3)  # type: ignore[index]


@given(architectures(attributes=True))
def test_copies_are_equal(architecture):
    for again in (pickle.loads(pickle.dumps(architecture)), copy.deepcopy(architecture)):
        assert again == architecture
        assert hash(again) == hash(architecture)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"kernel": (1, 2)}, "'kernel' has 2 values for 3 nodes; give one per node"),
        ({"kernel": (1, math.inf, 2)}, "'kernel' of node 1 is infinite"),
        ({"kernel": (1, 2, -1e300)}, "'kernel' of node 2 is infinite"),
        ({"kernel": (1, "x", 2)}, "'kernel' is not one number per node"),
        ({"kernel": (1, (2, 3), 2)}, "'kernel' is not one number per node"),
        ({"kernel": 3}, "'kernel' is not one number per node: 3"),
        ({"": (1, 2, 3)}, "the attribute name '' is not a non-empty string"),
        ({4: (1, 2, 3)}, "the attribute name 4 is not"),
        ({"k\ud800": (1, 2, 3)}, "the attribute name 'k.*' is not"),
        ({"kernel": ("1", "2", "3")}, "'kernel' is not one number per node"),
        ({"kernel": (1, 2, 10**400)}, "'kernel' is not one number per node"),
        (None, "attributes are numbers by name, not None"),
        ([1, 2, 3], "attributes are numbers by name"),
    ],
)
def test_bad_attributes_are_refused_in_one_line(attributes, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        Architecture(*CHAIN, attributes)
    assert "\n" not in str(caught.value)


@given(relabellings(attributes=True))
def test_attributes_go_with_their_nodes(case):
    old, new, order = case
    for name, values in new.attributes.items():
        np.testing.assert_array_equal(values, [old.attributes[name][node] for node in order])
    assert new.attributes.keys() == old.attributes.keys()
    assert new.relabelled([order.index(node) for node in range(len(order))]) == old.relabelled(range(len(order)))


def test_pruning_keeps_the_attributes_of_what_stays():
    dead_end = Architecture(("pool", *CHAIN[0]), ((1, 2), (2, 3), (1, 0)), {"kernel": (9, 1, 2, 3)})
    assert dead_end.pruned() == Architecture(*CHAIN, {"kernel": (1, 2, 3)})


# Sets


@given(st.lists(sets(attributes=True), min_size=1, max_size=3))
def test_a_set_is_the_list_of_its_architectures(parts):
    together = ArchitectureSet.concatenate(parts)
    objects = [architecture for part in parts for architecture in part]
    assert list(together) == objects
    assert list(ArchitectureSet.from_architectures(objects, VOCABULARY)) == objects


@given(sets(attributes=True), st.data())
def test_selecting_and_recoding_keep_attributes(some, data):
    rows = data.draw(st.lists(st.integers(-len(some), len(some) - 1), max_size=5))
    assert list(some.select(rows)) == [some[row] for row in rows]
    recoded = some.recoded(Vocabulary((*reversed(OPS), "unused")))
    assert list(recoded) == list(some)
    assert (recoded.hashes == some.hashes).all()


def test_sets_of_different_columns_are_joined():
    one, other = (
        set_of(Architecture(*CHAIN, {"kernel": (1, 2, 3)})),
        set_of(Architecture(*CHAIN, {"stride": (4, 5, 6)})),
    )
    plain = set_of(Architecture(*CHAIN))
    joined = ArchitectureSet.concatenate([one, plain, other])
    assert joined.attribute_names == ("kernel", "stride")
    np.testing.assert_array_equal(joined.attribute("kernel"), [1, 2, 3, *[NAN] * 6])
    np.testing.assert_array_equal(joined.attribute("stride"), [*[NAN] * 6, 4, 5, 6])
    assert np.isnan(joined.attribute("other")).all()
    assert joined.hashes.tolist() == [one.hashes[0], plain.hashes[0], other.hashes[0]]


def test_without_attributes_nothing_is_there():
    plain = random_architectures(20, seed=0)
    for some in (plain, plain.select([3, 1]), ArchitectureSet.concatenate([plain, plain]), *map_views(plain)):
        assert some.attributes is None
        assert some.attribute_names == ()
    assert Batch(plain).attributes is None
    assert plain[0].attributes == {}


def map_views(some: ArchitectureSet) -> list[ArchitectureSet]:
    return [view(some) for view in VIEWS.values()]


@given(sets(attributes=True))
def test_what_is_made_of_a_set_keeps_the_attributes_of_its_nodes(some):
    """A column numbers the nodes, so that it tells which old node a new one is."""
    numbers = np.arange(len(some.op), dtype=np.float32)
    names = (*some.attribute_names, "number")
    numbered = some.with_attributes(np.stack([*map(some.attribute, some.attribute_names), numbers], 1), names)
    keep = np.ones(len(some.op), bool)
    keep[1:-1:2] = False
    keep[some.node_ptr[:-1]] = True
    made = [*map_views(numbered), induced(numbered, keep), without_edges(numbered, np.ones(len(some.edge_src), bool))]
    for result in made:
        old = result.attribute("number").astype(int)
        assert (some.op[old] == result.op).all()
        for name in some.attribute_names:
            np.testing.assert_array_equal(result.attribute(name), some.attribute(name)[old])


@pytest.mark.parametrize(
    ("attributes", "names", "message"),
    [
        ([[1], [2], [3]], ("a", "b"), r"attributes are \(3, 1\), not 3 nodes by 2 names"),
        ([[1], [2]], ("a",), r"attributes are \(2, 1\), not 3 nodes"),
        ([1, 2, 3], ("a",), r"attributes are \(3,\)"),
        ([[1], [2], [np.inf]], ("a",), "row 1: attribute 'a' is infinite"),
        ([[1, 2]] * 3, ("a", "a"), "attribute names are non-empty strings, each once"),
        ([[1]] * 3, ("",), "attribute names are non-empty strings"),
        ([[1]] * 3, (), "and the names of their F columns, or neither"),
        (None, ("a",), "and the names of their F columns, or neither"),
    ],
)
def test_bad_columns_are_refused(attributes, names, message):
    good = set_of(Architecture(("input", "output"), ()), Architecture(("pool",), ()))
    with pytest.raises(ArchflowError, match=message) as caught:
        good.with_attributes(attributes, names)
    assert "\n" not in str(caught.value)
    arrays = (good.op, good.node_ptr, good.edge_src, good.edge_dst, good.edge_ptr)
    with pytest.raises(ArchflowError, match=message):
        ArchitectureSet(VOCABULARY, *arrays, attributes=attributes, attribute_names=names)


# Hashes and labels


def test_hashes_without_attributes_are_those_of_the_first_release():
    assert Architecture(*CHAIN).hash == "e703ab7cad523eca"
    assert Architecture(("pool",), ()).hash == "8724dfe05d648f9d"
    assert f"{int(np.bitwise_xor.reduce(random_architectures(60, seed=7).hashes)):016x}" == "6fed235373df253a"


@given(relabellings(attributes=True))
def test_isomorphic_architectures_have_one_hash_and_labels_that_move(case):
    old, new, order = case
    assert old.hash == new.hash
    labels = [set_of(a).canonical_labels for a in (old, new)]
    assert labels[1].tolist() == labels[0][order].tolist()


@given(architectures(attributes=True), st.sampled_from(NAMES), st.data())
def test_another_value_is_another_hash(architecture, name, data):
    node = data.draw(st.integers(0, len(architecture.ops) - 1))
    value = data.draw(NUMBERS)
    values = list(architecture.attributes.get(name, (NAN,) * len(architecture.ops)))
    same = values[node] == value or (math.isnan(values[node]) and math.isnan(value))
    values[node] = value
    changed = Architecture(architecture.ops, architecture.edges, {**architecture.attributes, name: values})
    assert (changed.hash == architecture.hash) == same


def test_names_and_zeros_and_empty_columns():
    kernel = Architecture(*CHAIN, {"kernel": (0, 1, 2)})
    assert kernel.hash == Architecture(*CHAIN, {"kernel": (-0.0, 1, 2)}).hash
    assert kernel.hash != Architecture(*CHAIN, {"stride": (0, 1, 2)}).hash
    swapped = [Architecture(*CHAIN, {a: (0, 1, 2), b: (2, 1, 0)}).hash for a, b in (("k", "s"), ("s", "k"))]
    assert swapped[0] != swapped[1]
    values = np.array([[0, NAN, 2], [1, NAN, 1], [2, NAN, 0]])
    some = set_of(Architecture(*CHAIN))
    hashes = [
        some.with_attributes(values[:, order], [("k", "empty", "s")[i] for i in order]).hashes[0]
        for order in ([0, 1, 2], [2, 1, 0], [0, 2])
    ]
    assert hashes[0] == hashes[1] == hashes[2] == int(swapped[0], 16)


def test_labels_are_equal_only_where_attributes_agree():
    twins = Architecture(("input", "conv", "conv", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert set_of(twins).canonical_labels.tolist() == [0, 1, 1, 3]
    alike = Architecture(twins.ops, twins.edges, {"kernel": (NAN, 3, 3, NAN)})
    assert set_of(alike).canonical_labels.tolist() == [0, 1, 1, 3]
    apart = Architecture(twins.ops, twins.edges, {"kernel": (NAN, 3, 5, NAN)})
    assert sorted(set_of(apart).canonical_labels.tolist()) == [0, 1, 2, 3]


# Batches


@given(sets(attributes=True), st.data())
def test_a_batch_has_the_attributes_of_its_rows(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=6)))
    batch, chosen = Batch(some, rows), some.select(rows)
    assert batch.attribute_names == chosen.attribute_names
    if chosen.attributes is None:
        assert batch.attributes is None
    else:
        assert batch.attributes is not None
        assert batch.attributes.dtype == torch.float32
        np.testing.assert_array_equal(batch.attributes.numpy(), chosen.attributes)


def test_hidden_nodes_have_no_attributes_and_labels_of_their_own():
    twins = (("input", "conv", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    batch = Batch(set_of(Architecture(*twins, {"kernel": (1, 2, 3, 4)})))
    before = batch.canonical_label.tolist()
    assert sorted(before) == [0, 1, 2, 3]
    hidden = torch.tensor([1, 2])
    seen = batch.with_ops(batch.op.index_fill(0, hidden, 0), hidden)
    assert seen.attributes is not None
    np.testing.assert_array_equal(seen.attributes[:, 0].numpy(), [1, NAN, NAN, 4])
    assert seen.canonical_label.tolist() == [0, 1, 1, 3]
    assert batch.attributes is not None
    assert batch.attributes[:, 0].tolist() == [1, 2, 3, 4]
    assert batch.canonical_label.tolist() == before
    again = seen.with_ops(batch.op)
    assert again.attributes is not None
    np.testing.assert_array_equal(again.attributes[:, 0].numpy(), [1, NAN, NAN, 4])
    assert again.canonical_label.tolist() == before
