"""Several tables as one set: what is shared, what is kept apart, what is refused."""

import numpy as np
import pytest

from archflow.data.joined import joined
from archflow.data.several import several_tables
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.synonyms import SYNONYMS
from archflow.graph.table import Table

CHAIN = ((0, 1), (1, 2))


def table(*middles: str, **metrics: list[float]) -> Table:
    """Chains input - operation - output."""
    architectures = ArchitectureSet.from_architectures([Architecture(("input", op, "output"), CHAIN) for op in middles])
    return Table(architectures, {name: np.array(values) for name, values in metrics.items()})


def middles(architectures: ArchitectureSet) -> list[str]:
    return [architecture.ops[1] for architecture in architectures]


def test_one_table_stays_as_it_is():
    only = table("nor_conv_1x1", "conv1x1-bn-relu", size=[3.0, np.inf])
    found = joined({"only": only}, ["size"])
    assert found.architectures is only.architectures
    np.testing.assert_array_equal(found.proxies["size"], [3.0, np.inf])


def test_operations_are_shared_by_name_and_keep_the_ids_that_are_known():
    first, second = table("skip_connect", "none"), table("gelu", "skip_connect")
    known = ("output", "input", "none")
    found = joined({"first": first, "second": second}, [], known).architectures
    assert found.vocabulary == Vocabulary((*known, "skip_connect", "gelu"))
    assert middles(found) == ["skip_connect", "none", "gelu", "skip_connect"]
    assert found[0].edges == CHAIN


def test_another_name_of_a_known_operation_becomes_it():
    first, second = table("nor_conv_3x3"), table("conv3x3-bn-relu", "maxpool3x3")
    found = joined({"first": first, "second": second}, []).architectures
    assert middles(found) == ["nor_conv_3x3", "nor_conv_3x3", "maxpool3x3"]
    assert found.vocabulary.ops == ("input", "output", "nor_conv_3x3", "maxpool3x3")
    backwards = joined({"second": second, "first": first}, [], ("max_pool_3x3",)).architectures
    assert middles(backwards) == ["conv3x3-bn-relu", "max_pool_3x3", "conv3x3-bn-relu"]


def test_a_table_that_tells_both_names_apart_keeps_them_apart():
    both = table("nor_conv_3x3", "conv3x3-bn-relu")
    found = joined({"first": table("nor_conv_3x3"), "both": both}, []).architectures
    assert middles(found) == ["nor_conv_3x3", "nor_conv_3x3", "conv3x3-bn-relu"]


def test_an_encoder_s_vocabulary_reads_every_table_by_either_name():
    first, second = table("nor_conv_3x3"), table("conv3x3-bn-relu", "maxpool3x3")
    shared = joined({"first": first, "second": second}, []).architectures
    assert middles(second.architectures.recoded(shared.vocabulary)) == ["nor_conv_3x3", "maxpool3x3"]
    both = table("nor_conv_3x3", "conv3x3-bn-relu").architectures
    with pytest.raises(ArchflowError, match="row 1: unknown operation 'conv3x3-bn-relu'"):
        both.recoded(shared.vocabulary)


def test_synonyms_are_pairs():
    assert all(SYNONYMS[other] == name != other for name, other in SYNONYMS.items())


def test_proxies_of_several_tables_become_places_within_each():
    first = table("a", "b", "c", "d", size=[1e9, np.nan, 3e9, 2e9])
    second = table("a", "b", "c", "d", size=[-2.0, 7.0, -2.0, np.inf])
    places = joined({"first": first, "second": second}, ["size"]).proxies["size"]
    np.testing.assert_allclose(places, [0.5 / 3, np.nan, 2.5 / 3, 1.5 / 3, 1 / 3, 2.5 / 3, 1 / 3, np.nan])
    # A monotone change of one table's values changes nothing.
    steep = table("a", "b", "c", "d", size=list(np.exp(first.metric("size") / 1e9)))
    np.testing.assert_array_equal(joined({"first": steep, "second": second}, ["size"]).proxies["size"], places)


def test_computed_proxies_are_those_of_the_table_itself():
    count = "count:conv3x3-bn-relu"
    found = joined({"x": table("conv3x3-bn-relu", "none"), "y": table("none", "conv3x3-bn-relu")}, [count])
    np.testing.assert_array_equal(found.proxies[count], [0.75, 0.25, 0.25, 0.75])
    with pytest.raises(ArchflowError, match="second: no proxy 'count:conv3x3-bn-relu'"):
        joined({"first": table("conv3x3-bn-relu", "none"), "second": table("nor_conv_3x3", "none")}, [count])


@pytest.mark.parametrize("values", [[1.0, 1.0], [np.nan, np.nan], [np.inf, 2.0]])
def test_a_table_without_an_order_is_refused(values):
    with pytest.raises(ArchflowError, match="second: proxy 'size' has fewer than two different values"):
        joined({"first": table("a", "b", size=[1.0, 2.0]), "second": table("a", "b", size=values)}, ["size"])


def test_a_table_that_lacks_a_proxy_is_named():
    with pytest.raises(ArchflowError, match=r"second: no proxy 'size'.*there are: other, depth"):
        joined({"first": table("a", "b", size=[1.0, 2.0]), "second": table("a", "b", other=[1.0, 2.0])}, ["size"])


def test_data_sets_are_kept_apart_by_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        table("none", size=[1.0]).write(tmp_path / folder / "cells.parquet")
    paths = [str(tmp_path / folder / "cells.parquet") for folder in ("a", "b")]
    assert list(several_tables("--data", ["digits201", paths[0]])) == ["digits201", "cells"]
    with pytest.raises(ArchflowError, match="--data: two tables are called 'cells'"):
        several_tables("--data", paths)
    with pytest.raises(ArchflowError, match="--data: two tables are called 'digits201'"):
        several_tables("--data", ["digits201", "digits201"])
    with pytest.raises(ArchflowError, match="--data: no data set is named"):
        several_tables("--data", [])
