"""Encoders by name."""

import pickle

import joblib
import numpy as np
import pytest
import torch

import archflow
from archflow.encoders import ENCODERS, Encoder, create, list_encoders
from archflow.encoders.pretrained import names
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.graph.vocabulary import UNKNOWN
from tests.cell_pairs import paired


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


@pytest.mark.parametrize("name", ENCODERS.names())
def test_settings_may_be_numpys_numbers(name, architectures, tmp_path):
    """What an encoder is made of is plain: its file holds JSON."""
    found = [
        create(name, architectures.vocabulary, width=kind(16), depth=kind(2), seed=kind(3))
        for kind in (int, np.int64, np.uint8, float, np.float32)
    ]
    for other in found:
        assert other.describe() == found[0].describe()
        assert type(other.encoder.width) is int
        assert all(map(torch.equal, other.encoder.state_dict().values(), found[0].encoder.state_dict().values()))
    found[1].save(tmp_path / "e.safetensors")
    assert create(tmp_path / "e.safetensors").encoder.config == found[0].encoder.config


@pytest.mark.parametrize("name", ENCODERS.names())
@pytest.mark.parametrize("width", [0, -1, 10**9, 2.5, float("nan"), "wide", True])
def test_a_width_that_is_none_is_refused_before_a_layer_is_made(name, architectures, width):
    with pytest.raises(ArchflowError, match=r": width must be a whole number of at least 1 and at most 65,536"):
        create(name, architectures.vocabulary, width=width)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 0}, "GatedGCN: depth must be .* of at least 1"),
        ({"depth": 10**6}, "depth must be .* at most 1,000"),
        ({"dropout": 1.0}, "dropout must be a number"),
        ({"dropout": -0.1}, "dropout must be a number"),
        ({"width": 65_536, "depth": 1000}, "GatedGCN: width 65536, depth 1000: takes at least 64,000 GiB of memory"),
        ({"seed": -1}, "create: seed must be a whole number of at least 0"),
        ({"seed": 0.5}, "seed must be a whole number"),
    ],
)
def test_settings_out_of_bounds_are_refused(architectures, settings, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        create("gated_gcn", architectures, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ENCODERS.names())
def test_an_embedder_is_pickled_by_whatever_pickles(name, architectures, tmp_path):
    some = paired(architectures) if ENCODERS.get(name).reads_pairs else architectures
    embedder = create(name, some, width=16)
    expected = embedder.embed(some)
    torch.save(embedder, tmp_path / "torch")
    joblib.dump(embedder, tmp_path / "joblib")
    for other in (
        pickle.loads(pickle.dumps(embedder)),
        torch.load(tmp_path / "torch", weights_only=False),
        joblib.load(tmp_path / "joblib"),
    ):
        np.testing.assert_array_equal(other.embed(some), expected)


class _Blind(Encoder):
    """Knows nothing of node attributes."""

    def __init__(self, n_ops: int, width: int = 4) -> None:
        super().__init__()
        self.operation = torch.nn.Embedding(n_ops, width)

    def forward(self, batch):
        return self.operation(batch.op)


def test_an_encoder_that_takes_no_attributes_says_so_where_there_are_some(architectures, monkeypatch):
    monkeypatch.setattr(ENCODERS, "get", lambda name: _Blind)
    assert create("blind", architectures).embed(architectures).shape == (len(architectures), 4)
    kernels = architectures.with_attributes(np.arange(len(architectures.op), dtype=float)[:, None], ["kernel"])
    with pytest.raises(ArchflowError, match=r"blind reads no .* have kernel; .*take n_attributes"):
        create("blind", kernels)


def test_its_size_is_a_detail_of_the_log(architectures, caplog):
    with caplog.at_level("DEBUG", "archflow"):
        made = create("gin", architectures, width=8)
    count = sum(each.numel() for each in made.encoder.parameters())
    assert caplog.messages == [f"gin: {count:,} parameters, {len(made.vocabulary)} operations, {{'width': 8}}"]
