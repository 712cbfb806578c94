"""Vectors of texts: from the package, from a folder, from the encoder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow import minilm, sentences
from archflow.errors import ArchflowError
from archflow.sentences import shipped_texts, text_vectors, write_vectors


@pytest.fixture
def encoder(monkeypatch):
    """A stand-in that counts what it is asked."""
    asked: list[str] = []

    def encode(texts):
        asked.extend(texts)
        drawn = np.stack([np.random.default_rng(sum(map(ord, text))).normal(size=384) for text in texts])
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

    monkeypatch.setattr(minilm, "is_installed", lambda: True)
    monkeypatch.setattr(minilm, "encode", encode)
    return asked


def test_the_package_carries_operations_and_devices(monkeypatch):
    monkeypatch.setattr(minilm, "is_installed", lambda: False)
    texts = ["parameterised layer, convolution 2d", "NVIDIA GeForce GTX 1080 Ti, fp32, GPU"]
    vectors = text_vectors(texts)
    assert vectors.shape == (2, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert set(texts) <= set(shipped_texts())


def test_no_text_has_no_vector():
    assert text_vectors([]).shape == (0, 384)


def test_a_new_text_is_encoded_once(encoder, tmp_path):
    first = text_vectors(["a new  text", " a new text "], tmp_path / "texts")
    assert encoder == ["a new text"]
    np.testing.assert_array_equal(first[0], first[1])
    np.testing.assert_array_equal(text_vectors(["a new text"], tmp_path / "texts"), first[:1])
    assert encoder == ["a new text"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 1536, b"\xff" * 1536])
def test_a_damaged_file_is_made_again(encoder, tmp_path, damage):
    first = text_vectors(["a text"], tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    np.testing.assert_array_equal(text_vectors(["a text"], tmp_path), first)
    assert encoder == ["a text", "a text"]


def test_a_folder_that_cannot_be_written_loses_nothing(encoder, tmp_path):
    (tmp_path / "file").write_text("")
    assert text_vectors(["a text"], tmp_path / "file").shape == (1, 384)


def test_without_the_encoder_new_texts_are_refused(monkeypatch):
    monkeypatch.setattr(minilm, "is_installed", lambda: False)
    with pytest.raises(ArchflowError, match=r"no vector of 'a new text' and 1 more; .*archflow\[text\]"):
        text_vectors(["a new text", "another one"])


@pytest.mark.parametrize("text", ["", "  \n", "x" * 2001, None])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(ArchflowError, match="no text to encode"):
        text_vectors([text])


@given(st.permutations(shipped_texts()[:6]))
def test_a_vector_does_not_depend_on_the_others(texts):
    for text, vector in zip(texts, text_vectors(texts), strict=True):
        np.testing.assert_array_equal(text_vectors([text])[0], vector)


def test_what_is_written_is_read(encoder, tmp_path, monkeypatch):
    write_vectors(["b", "a", "b "], tmp_path / "some.safetensors")
    monkeypatch.setattr(sentences, "SHIPPED", tmp_path / "some.safetensors")
    sentences._shipped.cache_clear()
    try:
        assert shipped_texts() == ["a", "b"]
        expected = minilm.encode(["a"]).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(text_vectors(["a"]), expected)
    finally:
        sentences._shipped.cache_clear()


@pytest.mark.skipif(not minilm.is_installed(), reason="the extra `text` is not installed")
def test_the_package_carries_what_the_encoder_gives():
    texts = shipped_texts()[::40]
    np.testing.assert_allclose(text_vectors(texts), minilm.encode(texts), atol=1e-3)
