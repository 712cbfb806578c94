"""Shipping an encoder: half precision where it is harmless, a card that tells how it was made."""

import hashlib
import json

import pytest
import torch

from archflow.encoders import GIN
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.recipes.shipping import TOLERANCE, measured_card, rounding, ship

HISTORY = {
    "data": "somewhere",
    "task": "flow",
    "proxies": [],
    "epochs": 2,
    "seed": 5,
    "losses": {"flow": [0.5, 0.25]},
}


@pytest.fixture
def encoder(architectures):
    torch.manual_seed(0)
    return GIN(len(architectures.vocabulary), width=16).eval()


def shipped(path, encoder, architectures):
    embedder = Embedder(encoder, Preparation(architectures.vocabulary), HISTORY)
    about = ship(path, embedder, architectures, "archflow pretrain ...")
    loaded = Embedder.load(path)
    assert (loaded.preparation, loaded.history) == (embedder.preparation, HISTORY)
    again = loaded.encoder
    assert {p.dtype for p in again.parameters()} == {torch.float32}
    return about, again


def test_half_the_bytes_and_nearly_the_same_embeddings(encoder, architectures, tmp_path):
    path = tmp_path / "gin.flow-somewhere.safetensors"
    about, again = shipped(path, encoder, architectures)
    assert (about.name, about.encoder, about.width) == ("gin.flow-somewhere", "gin", 16)
    assert (about.rows, about.losses, about.precision) == (60, {"flow": 0.25}, "float16")
    assert about.rounding == rounding(encoder, architectures) > 0
    for kept, exact in zip(again.parameters(), encoder.parameters(), strict=True):
        assert torch.equal(kept, exact.half().float())
    assert about.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert json.loads(path.with_suffix(".json").read_text())["command"] == "archflow pretrain ..."
    assert rounding(again, architectures) == 0, "its weights are rounded already"


def test_a_card_with_figures(encoder, architectures, tmp_path):
    about, _ = shipped(tmp_path / "gin.flow-somewhere.safetensors", encoder, architectures)
    assert about.figures == {}
    runs = {"tau": [0.7, 0.8], "p_at_1": [0.25, 0.35]}
    result = {"labels": 78, "methods": {"supervised": {"tau": [0.5, 0.6], "p_at_1": [0, 0]}, about.name: runs}}
    assert measured_card(about, result).figures == {
        "labels": 78, "runs": 2, "tau": 0.75, "tau_std": 0.05, "p_at_1": 0.3, "p_at_1_std": 0.05, "fresh_tau": 0.55,
    }  # fmt: skip


@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_what_half_precision_cannot_hold_stays_as_it_is(encoder, architectures, tmp_path, scale):
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.mul_(scale)
    assert not rounding(encoder, architectures) <= TOLERANCE
    about, again = shipped(tmp_path / "e.safetensors", encoder, architectures)
    assert (about.precision, about.rounding) == ("float32", 0)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), encoder.parameters(), strict=True))
