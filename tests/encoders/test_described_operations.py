"""Operations that are known by their descriptions."""

import numpy as np
import pytest
import torch

import archflow
from archflow import minilm
from archflow.encoders import ENCODERS, Embedder, stack
from archflow.encoders.described_operations import DescribedOperations
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.graph.batch import Batch
from archflow.testing import random_architectures

OPS = ("input", "conv2d", "relu", "output")
NAMES = pytest.mark.parametrize("name", ["ledg_former", "tg_nas"])


@NAMES
@torch.no_grad()
def test_described_members_stack(name):
    architectures = random_architectures(12, seed=2, ops=OPS)
    members = []
    for seed in (0, 1):
        encoder = archflow.create(name, architectures, width=16, depth=1, text=True, seed=seed).encoder
        members.append(encoder.eval())
    rows = np.arange(12).reshape(2, 6)
    together = stack(members).embed(Batch(architectures, rows))
    alone = [member.embed(Batch(architectures, run)) for member, run in zip(members, rows, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


@NAMES
def test_descriptions_are_saved(tmp_path, name):
    architectures = random_architectures(12, seed=2, ops=OPS)
    embedder = archflow.create(name, architectures, width=16, depth=1, text=True)
    embedder.save(tmp_path / "encoder")
    again = Embedder.load(tmp_path / "encoder")
    assert (embedder.embed(architectures) == again.embed(architectures)).all()


@NAMES
def test_other_names_are_read_with_the_same_weights(name):
    architectures = random_architectures(12, seed=2, ops=OPS)
    encoder = archflow.create(name, architectures, width=16, depth=1, text=True).encoder
    assert isinstance(encoder, DescribedOperations)
    swapped = Vocabulary(tuple(reversed(architectures.vocabulary.ops)))
    other = encoder.reading(swapped)
    with torch.no_grad():
        torch.testing.assert_close(
            other(Batch(architectures.recoded(swapped))), encoder(Batch(architectures)), rtol=1e-4, atol=1e-5
        )
    assert encoder.reading(Vocabulary(("conv2d",))).n_ops == 1


@NAMES
def test_a_new_operation_needs_the_sentence_encoder(monkeypatch, name):
    monkeypatch.setattr(minilm, "is_installed", lambda: False)
    with pytest.raises(ArchflowError, match=r"archflow\[text\]"):
        archflow.create(name, Vocabulary(("nobody_has_described_this",)), width=16, text=True)


@NAMES
def test_without_descriptions_it_says_so(name):
    architectures = random_architectures(4, seed=2)
    encoder = ENCODERS.get(name)(len(architectures.vocabulary), 16, 1, text=True)
    with pytest.raises(ArchflowError, match="no descriptions are set"):
        encoder(Batch(architectures))


@NAMES
def test_learned_operations_read_no_other_names(name):
    encoder = ENCODERS.get(name)(4, 16)
    assert isinstance(encoder, DescribedOperations)
    with pytest.raises(ArchflowError, match="use text=True"):
        encoder.reading(Vocabulary(("conv2d",)))
