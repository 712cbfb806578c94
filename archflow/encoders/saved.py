"""Encoders on disk: one safetensors file with the name, the settings and the vocabulary that the weights belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from archflow.encoders.base import ENCODERS, Encoder
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary


def describe(encoder: Encoder, vocabulary: Vocabulary) -> dict[str, Any]:
    """What it takes to build the encoder again, as JSON keeps it. Raises ArchflowError if its class has no name."""
    return {"encoder": name_of(encoder), "config": encoder.config, "vocabulary": list(vocabulary.ops)}


def name_of(encoder: Encoder) -> str:
    """The registered name of an encoder's class. Raises ArchflowError if it has none."""
    for name in ENCODERS.names():
        if ENCODERS.get(name) is type(encoder):
            return name
    raise ArchflowError(f"{type(encoder).__name__} has no name; register it with @ENCODERS.register to save it")


def rebuild(about: Mapping[str, Any]) -> tuple[Encoder, Vocabulary]:
    """An encoder with fresh weights and its vocabulary from what `describe` gave."""
    try:
        vocabulary = Vocabulary(tuple(about["vocabulary"]))
        encoder = ENCODERS.get(about["encoder"])(**about["config"])
    except (KeyError, TypeError) as error:
        raise ArchflowError(f"the description of the encoder is damaged ({error}); make the file anew") from None
    if encoder.n_ops != len(vocabulary):
        raise ArchflowError(f"the encoder knows {encoder.n_ops} operations, its vocabulary {len(vocabulary)}")
    return encoder, vocabulary


def load_weights(module: Any, tensors: Mapping[str, Tensor]) -> None:
    """`load_state_dict` with one clear line. Raises ArchflowError if names or shapes do not fit."""
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ArchflowError(f"the weights do not fit the settings ({reason}); make the file anew") from None
