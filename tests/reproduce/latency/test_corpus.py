"""The corpus of real graphs."""

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.latency import corpus
from tests.importers.tables import GRAPHNET, write


def test_one_graph_of_every_structure_kept_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path))
    whole = {**GRAPHNET, "n_nodes": len(GRAPHNET["ops"])}
    renamed = {**whole, "ops": [*whole["ops"][:-2], "another", "output"]}
    too_large = {**whole, "ops": [*whole["ops"][:-2], "a_third", "output"], "n_nodes": corpus.MOST_NODES + 1}
    rows = (whole, whole, renamed, too_large)
    for place, name in enumerate(corpus.TABLES):
        write(tmp_path / f"{name}.parquet", *rows[place : place + 2])
    found = corpus.graphnet(tmp_path / "kept")
    assert len(found) == 2
    assert {"macs", "params"} <= set(found.metrics)
    for name in corpus.TABLES:
        (tmp_path / f"{name}.parquet").unlink()
    assert (corpus.graphnet(tmp_path / "kept").architectures.hashes == found.architectures.hashes).all()


def test_tables_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path))
    with pytest.raises(ArchflowError, match=r"graphnet_other: not on this machine; set ARCHFLOW_DATA"):
        corpus.graphnet(tmp_path)
