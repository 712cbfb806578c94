"""Compiled code where a caller asks for it, and nowhere else."""

import shutil

import numpy as np
import pytest
import torch

from archflow.encoders import compiled as module
from archflow.encoders import create
from archflow.encoders.compiled import check_compiler, compiled
from archflow.encoders.embedding import embed
from archflow.errors import ArchflowError
from archflow.predict.models import model_for
from archflow.predict.ranking_model import score
from archflow.testing import random_architectures

CELLS = random_architectures(30, seed=2)


def test_inside_the_block_everything_is_applied_by_it(monkeypatch):
    embedder, calls = create("gin", CELLS, width=8), []

    def counted(encode, batch):
        calls.append(encode)
        return encode(batch)

    monkeypatch.setattr(module, "_fused", lambda: counted)
    prepared, model = embedder.prepare(CELLS), model_for(embedder.encoder)
    plain = embed(embedder.encoder, prepared), score(model, prepared)
    assert not calls
    with compiled(wanted=False):
        embed(embedder.encoder, prepared)
    assert not calls
    with compiled():
        found = embed(embedder.encoder, prepared), score(model, prepared)
    assert len(calls) == 2
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    embed(embedder.encoder, prepared)
    assert len(calls) == 2


def test_without_a_compiler_it_is_refused(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ArchflowError, match="needs a C\\+\\+ compiler"), compiled():
        pass
    with pytest.raises(ArchflowError, match="CXX"):
        check_compiler()


def test_what_torch_cannot_compile_is_said(monkeypatch):
    def fails(encode, batch):
        raise RuntimeError("unsupported\nand more")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: fails)
    monkeypatch.setattr(module, "_fused", module._fused.__wrapped__)
    embedder = create("gin", CELLS, width=8)
    with pytest.raises(ArchflowError, match=r"cannot compile this encoder \(RuntimeError: unsupported\)"), compiled():
        embed(embedder.encoder, embedder.prepare(CELLS))


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, such as g++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_encoders_give_the_same_numbers():
    embedder = create("mlp", CELLS, width=8)
    prepared = embedder.prepare(CELLS)
    plain = embed(embedder.encoder, prepared)
    try:
        with compiled():
            found = embed(embedder.encoder, prepared)
    finally:
        torch.compiler.reset()
    np.testing.assert_allclose(found, plain, rtol=1e-5, atol=1e-6)
