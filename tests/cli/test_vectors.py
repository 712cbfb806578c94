import numpy as np
import pytest

from archflow.cli.vectors import known_rows, spread, vectors
from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary

KNOWN = Vocabulary(("input", "conv", "output"))


def chain(op: str) -> Architecture:
    return Architecture(("input", op, "output"), ((0, 1), (1, 2)))


MIXED = ArchitectureSet.from_architectures([chain("conv"), chain("mystery"), chain("conv")])


def test_rows_that_are_not_known_are_refused_or_skipped_with_a_word(caplog):
    with pytest.raises(ArchflowError, match=r"unknown operation 'mystery'.*--skip-unknown leaves such rows"):
        known_rows(MIXED, KNOWN, skip_unknown=False)
    assert known_rows(MIXED, KNOWN, skip_unknown=True).tolist() == [0, 2]
    assert caplog.messages[0].startswith("note: 1 row gets no values: ")
    with pytest.raises(ArchflowError, match="--skip-unknown leaves no row"):
        known_rows(MIXED.select([1]), KNOWN, skip_unknown=True)
    assert known_rows(MIXED, None, skip_unknown=False).tolist() == [0, 1, 2]


def test_numbers_in_names_are_proposed_where_they_help():
    numbered = ArchitectureSet.from_architectures([chain("conv_k3")])
    with pytest.raises(ArchflowError, match="give --numbers-in-names"):
        known_rows(numbered, KNOWN, skip_unknown=False)


def test_an_encoder_embeds_what_it_knows(tmp_path):
    embedder = create("mlp", KNOWN, width=4, seed=0)
    embedder.save(tmp_path / "e.safetensors")
    found = vectors(tmp_path / "e.safetensors", MIXED, skip_unknown=True)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], embedder.embed(MIXED.select([0, 2])))


def test_values_are_spread_over_all_rows():
    values = np.array([[1.0], [2.0]])
    assert spread(values, np.array([0, 1]), 2) is values
    np.testing.assert_array_equal(spread(values, np.array([2, 0]), 3), [[2], [np.nan], [1]])
