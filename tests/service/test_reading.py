"""Tables from requests."""

import numpy as np
import pytest

from archflow.graph import Architecture, ArchitectureSet
from archflow.search.base import SEARCHERS
from archflow.service.reading import registered, space_named, table_of
from archflow.service.refused import Refused
from archflow.service.settings import Limits


def test_graphs_and_native_strings_make_one_set(cells, graphs):
    mixed = [graphs[0], cells.native[1], graphs[2]]
    found = table_of(mixed, {}, space_named("nasbench201"), Limits())
    assert found.architectures.hashes.tolist() == cells.architectures.hashes[:3].tolist()
    assert list(found.architectures) == [Architecture(each.ops, each.edges) for each in cells.architectures[:3]]


def test_attributes_are_numbers_by_node():
    given = [
        {"ops": ["input", "conv", "output"], "edges": [[0, 1], [1, 2]], "attributes": {"kernel": [None, 3, None]}},
        {"ops": ["input", "conv", "output"], "edges": [[0, 1], [1, 2]]},
        {"ops": ["input", "conv"], "edges": [[0, 1]], "attributes": {"stride": [None, 2]}},
    ]
    nan = float("nan")
    expected = ArchitectureSet.from_architectures(
        [
            Architecture(given[0]["ops"], given[0]["edges"], {"kernel": [nan, 3, nan]}),
            Architecture(given[1]["ops"], given[1]["edges"]),
            Architecture(given[2]["ops"], given[2]["edges"], {"stride": [nan, 2]}),
        ]
    )
    found = table_of(given, {}, None, Limits()).architectures
    assert found.hashes.tolist() == expected.hashes.tolist()


def test_columns_are_numbers_or_texts(graphs):
    table = table_of(graphs[:3], {"params": [1, None, 2.5], "device": ["a", None, "b"]}, None, Limits())
    np.testing.assert_array_equal(table.metric("params"), [1, np.nan, 2.5])
    assert table.texts("device") == ["a", None, "b"]


@pytest.mark.parametrize("name", ["subprocess:Popen", "archflow.search.methods.random_search:RandomSearch", "rand"])
def test_a_name_imports_nothing(name):
    with pytest.raises(Refused, match="is called"):
        registered(SEARCHERS, name, "method")
    with pytest.raises(Refused, match="is called"):
        space_named(name)
