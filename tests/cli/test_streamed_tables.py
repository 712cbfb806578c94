"""Tables larger than memory, as a user of the verbs meets them: the same results, without the whole table in memory."""

import json
import os

import numpy as np
import pytest

from archflow.data import load
from archflow.graph import mapped, streamed
from archflow.graph.table import Table, read_table
from archflow.predict import StackedPredictor, stacked

SMALL = ("--encoder", "gin", "--width", 8, "--epochs", 1)


@pytest.fixture
def cells(here, monkeypatch):
    """A Parquet table in the current folder, which has a cache of its own; it is not predicted at once."""
    monkeypatch.setattr(stacked, "ROWS", 7)
    monkeypatch.setenv("ARCHFLOW_CACHE", str(here / "cache"))
    cells = load("digits201").select(np.arange(60))
    Table(cells.architectures, {"accuracy": cells.metric("test_accuracy")}, cells.native).write("cells.parquet")
    return "cells.parquet"


@pytest.fixture
def streams(monkeypatch):
    """Called, it leaves so little memory that the table is streamed; a verb that loads all of it fails."""

    def begin() -> None:
        monkeypatch.setattr(mapped, "available", lambda: 1000)
        monkeypatch.setattr(streamed, "LOADED", 200)
        monkeypatch.setattr(streamed.StreamedSet, "__getattr__", whole)

    plain = streamed.StreamedSet.__getattr__

    def whole(self, name):
        assert name in ("node_ptr", "edge_ptr") or name.startswith("__"), f"all {name} were loaded"
        return plain(self, name)

    return begin


def test_verbs_give_the_same_files(run, here, cells, predictor, streams):
    def outputs(folder: str) -> dict[str, bytes]:
        os.mkdir(folder)
        encoder = f"{folder}/e.safetensors"
        run("pretrain", "--data", cells, *SMALL, "--positions", "--task", "fgp+gmae", "--out", encoder)
        run("embed", encoder, "--data", cells, "--out", f"{folder}/e.npy")
        for name, model in (("stacked", here / "stacked"), ("networks", predictor)):
            run("predict", model, "--data", cells, "--out", f"{folder}/{name}.csv")
            said = run("predict", model, "--data", cells, "--json")
            (here / folder / f"{name}.json").write_text(said)
        return {path.name: path.read_bytes() for path in (here / folder).iterdir() if path.is_file()}

    model = StackedPredictor(components=["ridge"], features=["counts"])
    model.fit(read_table(cells), metrics=["accuracy"])
    model.save("stacked")
    expected = outputs("memory")
    assert not (here / "cache" / "mapped").exists()
    streams()
    assert outputs("streamed") == expected
    assert (here / "cache" / "mapped").exists()
    assert len(json.loads(expected["networks.json"])["rows"]) == 60
    assert isinstance(read_table(cells).architectures, streamed.StreamedSet)


def test_joined_tables_and_unknown_operations(run, here, cells, predictor, streams):
    known = read_table(cells)
    ops = tuple(f"new_{op}" if op == "none" else op for op in known.architectures.vocabulary.ops)
    other = known.architectures.replaced(vocabulary=type(known.architectures.vocabulary)(ops))
    Table(other, {"accuracy": known.metric("accuracy")}).write("other.parquet")
    commands = [
        ("pretrain", "--data", "cells.parquet,other.parquet", *SMALL, "--task", "gmae", "--out", "both.safetensors"),
        ("predict", predictor, "--data", "other.parquet", "--skip-unknown", "--out", "some.csv", "--force"),
    ]

    def outputs() -> list[object]:
        refused = run("predict", predictor, "--data", "other.parquet", code=2)
        told = [run(*command, "--force") if "--force" not in command else run(*command) for command in commands]
        return [refused, told, (here / "both.safetensors").read_bytes(), (here / "some.csv").read_bytes()]

    expected = outputs()
    streams()
    found = outputs()
    assert found[2:] == expected[2:]
    assert [line for line in found[0].splitlines() if "new_none" in line] == [
        line for line in expected[0].splitlines() if "new_none" in line
    ]
