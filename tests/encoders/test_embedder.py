"""An encoder, what it is shown and how it came about: one object, one file."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from archflow.checkpoint import save_tensors
from archflow.encoders import GIN, Embedder, Encoder, GatedGCN, create
from archflow.encoders.embedder import FORMAT, as_set
from archflow.encoders.preparation import Preparation
from archflow.encoders.scales import AttributeScales
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.effective import view
from archflow.graph.table import Table
from archflow.predict import NetworkPredictor
from archflow.seeding import seeded
from archflow.spaces import NASBench201

VOCABULARY = Vocabulary(("input", "output", "conv"))
DESCRIPTION = {
    "format": FORMAT,
    "encoder": "gin",
    "config": {"n_ops": 3, "width": 8},
    "preparation": Preparation(VOCABULARY).to_json(),
    "history": {},
}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "encoder.safetensors"
    Embedder(GIN(3, width=8), Preparation(VOCABULARY), {"epochs": 5, "losses": {"flow": [0.5, 0.25]}}).save(path)
    return path


def refused(path, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        Embedder.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_encoder_comes_back_with_all_that_belongs_to_it(saved):
    embedder = Embedder.load(saved)
    assert isinstance(embedder.encoder, GIN)
    assert (embedder.name, embedder.encoder.config["width"], embedder.encoder.training) == ("gin", 8, False)
    assert embedder.preparation == Preparation(VOCABULARY)
    assert embedder.history == {"epochs": 5, "losses": {"flow": [0.5, 0.25]}}
    assert embedder.with_history(seed=1).history == {**embedder.history, "seed": 1}


@pytest.fixture(scope="module")
def cells() -> ArchitectureSet:
    return NASBench201().sample(50, np.random.default_rng(1))


def test_the_view_is_the_same_by_every_way_to_an_embedding(cells, tmp_path, run, monkeypatch):
    """It was lost in Python: `Predictor(*archflow.encoder(FILE))` embedded whole cells, `archflow embed FILE` effective
    ones."""
    monkeypatch.chdir(tmp_path)
    with seeded(0):
        encoder = GatedGCN(len(cells.vocabulary), width=16).eval()
    Embedder(encoder, Preparation(cells.vocabulary, "effective")).save("e.safetensors")
    with torch.inference_mode():
        wanted = encoder.embed(Batch(view("effective")(cells))).numpy()
        whole = encoder.embed(Batch(cells)).numpy()
    assert np.abs(wanted - whole).max() > 0.01
    embedder = Embedder.load("e.safetensors")
    np.testing.assert_allclose(embedder.embed(cells), wanted, atol=1e-6)
    Table(cells).write("cells.parquet")
    run("embed", "e.safetensors", "--data", "cells.parquet", "--out", "e.npy")
    np.testing.assert_allclose(np.load("e.npy"), wanted, atol=1e-6)
    predictor = NetworkPredictor(embedder)
    np.testing.assert_allclose(predictor.embed(cells), wanted, atol=1e-6)


def test_whatever_holds_architectures_is_embedded(cells):
    with seeded(0):
        embedder = Embedder(GIN(len(cells.vocabulary), width=8), Preparation(cells.vocabulary))
    wanted, counted = embedder.embed(cells), []
    np.testing.assert_array_equal(embedder.embed(Table(cells), on_batch=counted.append), wanted)
    assert sum(counted) == len(cells)
    np.testing.assert_allclose(embedder.embed([cells[0], cells[1]]), wanted[:2], atol=1e-6)
    np.testing.assert_allclose(embedder.embed(cells[3]), wanted[3:4], atol=1e-6)
    for nothing, message in (
        ([], "the list is empty"),
        ([1], "give a set, a table"),
        (None, "None is no set of architectures"),
        ("t.csv", "archflow.load"),
        (["|none~0|"], "parse native strings"),
    ):
        with pytest.raises(ArchflowError, match=message):
            as_set(nothing)


def test_parts_that_do_not_fit_each_other_are_refused():
    with pytest.raises(ArchflowError, match="has 4 operations, its vocabulary 3"):
        Embedder(GIN(4, width=8), Preparation(VOCABULARY))
    architecture = Architecture(("conv", "conv"), ((0, 1),), {"kernel": (1.0, 3.0)})
    numbered = ArchitectureSet.from_architectures([architecture])
    with pytest.raises(ArchflowError, match="reads 0 attributes, but there are scales for 1"):
        Embedder(GIN(3, width=8), Preparation(VOCABULARY, scales=AttributeScales.of(numbered)))
    with pytest.raises(ArchflowError, match="view"):
        Preparation(VOCABULARY, "nowhere")


def test_a_file_cut_off_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        refused(saved, "truncated, damaged or not written by archflow")
    refused(saved.with_name("absent"), "no such file")
    refused(saved.parent, "truncated, damaged or not written|cannot be read")


@pytest.mark.parametrize("where", [0.3, 0.6, 0.999])
def test_a_single_changed_byte_is_refused(saved, where):
    content = bytearray(saved.read_bytes())
    content[int(where * len(content))] ^= 1
    saved.write_bytes(content)
    refused(saved, "create it again|make the file again|no encoder is called")


def test_another_programs_weights_are_refused(saved):
    weights = load_file(saved)
    save_file(weights, saved)
    refused(saved, "not written by archflow")
    content = json.dumps({"about": {}, "digest": "0" * 16})
    save_file(weights, saved, metadata={"archflow": content})
    refused(saved, "does not fit its digest")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": None}, "description of the encoder is damaged"),
        ({"config": {"n_ops": 3, "depths": 3}}, "description of the encoder is damaged"),
        ({"encoder": "gim"}, "no encoder is called 'gim'; did you mean 'gin'"),
        ({"preparation": Preparation(Vocabulary(("a",))).to_json()}, "has 3 operations, its vocabulary 1"),
        ({"preparation": {}}, "description of the encoder is damaged"),
        ({"preparation": {**DESCRIPTION["preparation"], "scales": [["kernel", None, 0, 0]]}}, "scales are damaged"),
        ({"preparation": {**DESCRIPTION["preparation"], "view": "nowhere"}}, "view 'nowhere' is not one of"),
        ({}, "the weights do not fit the settings"),
        ({"format": "archflow encoder 1"}, "not the description of an encoder of this version"),
    ],
)
def test_a_description_that_fits_no_encoder_is_refused(tmp_path, change, message):
    path = tmp_path / "encoder.safetensors"
    save_tensors(path, {"a": torch.zeros(1)}, {**DESCRIPTION, **change})
    refused(path, message)
    save_tensors(path, {"a": torch.zeros(1)}, [])
    refused(path, "not the description of an encoder")


def test_an_encoder_without_a_name_cannot_be_saved(tmp_path):
    class Nameless(GatedGCN):
        pass

    with pytest.raises(ArchflowError, match="Nameless has no name"):
        Embedder(Nameless(3, width=8), Preparation(VOCABULARY)).save(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert issubclass(Nameless, Encoder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path, value):
    """Under a right digest, as a training that diverged once left them."""
    cells = NASBench201().sample(8, np.random.default_rng(0))
    embedder = create("gin", cells, width=8)
    weights = embedder.encoder.state_dict()
    name = list(weights)[-1]
    weights[name].view(-1)[1] = value
    save_tensors(tmp_path / "e.safetensors", weights, {**embedder.describe()})
    refused(tmp_path / "e.safetensors", f"the weights '{name}' are not finite numbers")
    for use in (
        lambda: Embedder(embedder.encoder, embedder.preparation),
        lambda: embedder.embed(cells),
        lambda: NetworkPredictor(embedder).fit(cells, np.arange(8.0)),
    ):
        with pytest.raises(ArchflowError, match=f"the weights '{name}' are not finite numbers") as caught:
            use()
        assert "\n" not in str(caught.value)
