import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from archflow.checkpoint import save_tensors
from archflow.encoders import GIN, Encoder, GatedGCN, load_encoder, save_encoder
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary

VOCABULARY = Vocabulary(("input", "output", "conv"))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "encoder.safetensors"
    save_encoder(path, GIN(3, width=8), VOCABULARY, epochs=5, losses={"flow": [0.5, 0.25]})
    return path


def refused(path, message: str) -> None:
    with pytest.raises(ArchflowError, match=message) as caught:
        load_encoder(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_encoder_comes_back_with_its_vocabulary_and_history(saved):
    encoder, vocabulary, history = load_encoder(saved)
    assert isinstance(encoder, GIN)
    assert (encoder.config["width"], vocabulary, encoder.training) == (8, VOCABULARY, False)
    assert history == {"epochs": 5, "losses": {"flow": [0.5, 0.25]}}


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
    refused(saved, "make it anew|make the file anew|no encoder is called")


def test_another_programs_weights_are_refused(saved):
    weights = load_file(saved)
    save_file(weights, saved)
    refused(saved, "not written by archflow")
    content = json.dumps({"about": {}, "digest": "0" * 16})
    save_file(weights, saved, metadata={"archflow": content})
    refused(saved, "does not fit its digest")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"config": {"n_ops": 3}, "vocabulary": ["a", "b", "c"]}, "description of the encoder is damaged"),
        ({"encoder": "gin", "config": {"depths": 3}, "vocabulary": ["a"]}, "description of the encoder is damaged"),
        ({"encoder": "gim", "config": {}, "vocabulary": ["a"]}, "no encoder is called 'gim'; did you mean 'gin'"),
        ({"encoder": "gin", "config": {"n_ops": 3}, "vocabulary": ["a"]}, "knows 3 operations, its vocabulary 1"),
        ({"encoder": "gin", "config": {"n_ops": 1}, "vocabulary": ["a"]}, "the weights do not fit the settings"),
        ([], "description of the encoder is damaged"),
    ],
)
def test_a_description_that_fits_no_encoder_is_refused(tmp_path, about, message):
    path = tmp_path / "encoder.safetensors"
    save_tensors(path, {"a": torch.zeros(1)}, about)
    refused(path, message)


def test_an_encoder_without_a_name_cannot_be_saved(tmp_path):
    class Nameless(GatedGCN):
        pass

    with pytest.raises(ArchflowError, match="Nameless has no name"):
        save_encoder(tmp_path / "x", Nameless(3, width=8), VOCABULARY)
    assert not (tmp_path / "x").exists()
    assert issubclass(Nameless, Encoder)
