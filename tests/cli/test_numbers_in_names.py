"""`--numbers-in-names`, through the verbs that read a user's table."""

import json

import numpy as np
import pytest

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table

CHANNELS = (8, 16, 32, 64)


@pytest.fixture
def path(tmp_path):
    """Chains of three convolutions, every combination of channels and kernels an operation of its own."""
    generator = np.random.default_rng(0)
    sizes = generator.choice(CHANNELS, (40, 3))
    chains = [
        Architecture(("input", *(f"conv_k{generator.choice([3, 5])}_c{c}" for c in row), "output"),
                     [(i, i + 1) for i in range(4)])
        for row in sizes
    ]  # fmt: skip
    Table(ArchitectureSet.from_architectures(chains), {"score": sizes.sum(1) * 1.0}).write(tmp_path / "t.csv")
    return tmp_path / "t.csv"


def test_a_predictor_reads_numbers_where_it_is_told_to(path, tmp_path, run):
    fit = ("fit", "--data", path, "--metric", "score", "--recipe", "networks", "--encoder", "mlp", "--epochs", 2)
    run(*fit, "--numbers-in-names", "--out", tmp_path / "p")
    error = run("predict", tmp_path / "p", "--data", path, code=2)
    assert "unknown operations 'conv_k" in error
    assert "give --numbers-in-names" in error
    ranked = json.loads(run("predict", tmp_path / "p", "--data", path, "--numbers-in-names", "--json"))
    assert ranked["architectures"] == 40
    # Operations that nothing splits stay unknown, whatever is said.
    run(*fit, "--out", tmp_path / "plain")
    assert "--skip-unknown" in run("predict", tmp_path / "plain", "--data", path, "--numbers-in-names", code=2)


def test_encoders_learn_and_embed_by_the_numbers(path, tmp_path, run):
    out = tmp_path / "e.safetensors"
    run("pretrain", "--data", path, "--task", "gmae", "--encoder", "gin", "--width", 8, "--epochs", 1,
        "--numbers-in-names", "--out", out)  # fmt: skip
    run("embed", out, "--data", path, "--numbers-in-names", "--out", tmp_path / "v.npy")
    vectors = np.load(tmp_path / "v.npy")
    # Without the numbers all chains would be one.
    assert len(np.unique(vectors.round(4), axis=0)) > 20
    chosen = json.loads(run("choose", out, "--data", path, "--numbers-in-names", "--count", 5, "--json"))
    assert len(set(chosen["rows"])) == 5
