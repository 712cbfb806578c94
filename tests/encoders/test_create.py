"""Encoders by name."""

import numpy as np
import pytest
import torch

import archflow
from archflow.encoders import ENCODERS, create, list_encoders
from archflow.encoders.pretrained import names
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.graph.vocabulary import UNKNOWN


def test_names_are_listed_by_pattern():
    assert list_encoders("*nasbench*") == [name for name in names() if "nasbench" in name] != []
    assert set(list_encoders()) == {*ENCODERS.names(), *names()}
    assert archflow.list_encoders("gated_gcn") == ["gated_gcn"]


def test_an_untrained_encoder_knows_the_operations_of_its_data(architectures):
    embedder = create("gated_gcn", Table(architectures), width=16)
    assert (embedder.vocabulary, embedder.encoder.config["width"]) == (architectures.vocabulary, 16)
    assert embedder.embed(architectures).shape == (len(architectures), 16)
    same = create("gated_gcn", architectures.vocabulary, width=16)
    other = create("gated_gcn", architectures, width=16, seed=1)
    np.testing.assert_array_equal(same.embed(architectures), embedder.embed(architectures))
    assert not np.allclose(other.embed(architectures), embedder.embed(architectures))


def test_the_global_random_state_is_left_alone(architectures):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    create("gin", architectures)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_view_is_the_published_one_unless_given(architectures):
    assert create("nn_former", architectures).view == "effective"
    assert create("nn_former", architectures, view="whole").view == "whole"
    assert create("gin", architectures).view == "whole"


def test_a_pretrained_one_has_its_own_settings(architectures):
    embedder = create("gin.fgp-nasbench201")
    assert embedder.history["task"] == "fgp"
    for settings in ({"data": architectures}, {"width": 8}, {"view": "whole"}, {"unknown": True}):
        with pytest.raises(ArchflowError, match="own vocabulary and settings"):
            create("gin.fgp-nasbench201", **settings)


def test_an_untrained_one_needs_data():
    with pytest.raises(ArchflowError, match="needs architectures or a vocabulary"):
        create("gin")


def other_operation(architectures: ArchitectureSet) -> ArchitectureSet:
    return ArchitectureSet.from_architectures([Architecture(("input", "gelu", "output"), ((0, 1), (1, 2)))])


def test_an_unknown_operation_is_refused_unless_the_user_allows_it(architectures):
    stranger = other_operation(architectures)
    with pytest.raises(ArchflowError, match="row 0: unknown operation"):
        create("gin", Vocabulary(("input", "output"))).embed(stranger)
    embedder = create("gin", Vocabulary(("input", "output")), unknown=True)
    assert UNKNOWN in embedder.vocabulary
    assert np.isfinite(embedder.embed(stranger)).all()
    assert embedder.prepare(stranger)[0].ops == ("input", UNKNOWN, "output")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"wdith": 8}, "gin takes no 'wdith'; did you mean 'width'"),
        ({"n_attributes": 2}, "gin takes no 'n_attributes'; "),
        ({"n_ops": 2}, "gin takes no 'n_ops'; "),
    ],
)
def test_a_setting_that_is_none_is_refused(architectures, config, message):
    with pytest.raises(ArchflowError, match=message):
        create("gin", architectures, **config)


def test_positions_are_read_where_asked(architectures):
    embedder = create("gin", architectures, positions=True)
    names = [scale.name for scale in embedder.preparation.scales.scales]
    assert {"position_from_input", "position_to_output", "position_depth_share"} <= set(names)
    assert embedder.encoder.config["n_attributes"] == len(names)
    without = create("gin", architectures)
    assert not np.allclose(embedder.embed(architectures), without.embed(architectures))
    assert embedder.prepare(architectures).attribute_names == tuple(names)
