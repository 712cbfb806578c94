"""arch2vec's own measures, its table, report and maps."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from archflow.data.benchmarks import benchmark_of
from archflow.data.places import FOLDER_VARIABLE
from archflow.encoders import Arch2Vec
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.table import Table
from archflow.pretext import VariationalGraphAutoEncoder
from archflow.report.vega import specification
from archflow.seeding import seeded
from archflow.spaces import NASBench101, NASBench201
from archflow_reproduce.cli.arch2vec import arch2vec
from archflow_reproduce.results.arch2vec_report import (
    MEASURES,
    arch2vec_table,
    frequent_operations,
    latent_maps,
    write_beside,
)
from archflow_reproduce.results.record import read_record
from archflow_reproduce.studies.arch2vec import Protocol, reconstruction, run_arch2vec, sample_quality, whole_space
from tests.report.pages import read_page

CONV, POOL = "conv3x3-bn-relu", "maxpool3x3"


@pytest.fixture(scope="module")
def table() -> Table:
    """120 cells of NAS-Bench-201; nothing was measured on the first."""
    cells = NASBench201().sample(120, np.random.default_rng(0))
    accuracy = cells.op_counts[:, cells.vocabulary.index("nor_conv_3x3")] + np.linspace(0, 0.5, 120)
    accuracy[0] = np.nan
    return Table(cells, {"cifar10_test_acc": accuracy})


@pytest.fixture(scope="module")
def finished(table):
    return run_arch2vec(SMALL, table)


SMALL = Protocol("nasbench201", benchmark_of("nasbench201"), epochs=2, samples=50)


def test_the_result_says_what_was_done(finished, table):
    result, latent = finished
    json.dumps(result, allow_nan=False)
    assert (result["train"], result["held_out"]) == (108, 12)
    assert result["epoch_cpu_seconds"] > 0
    assert result["metric"] == "cifar10_test_acc"
    assert all(len(values) == 2 for values in result["losses"].values())
    assert result["samples"]["count"] == 50
    assert result["samples"]["distinct"] <= result["samples"]["valid"] <= 50
    assert latent.places.shape == (120, 2)
    assert np.isfinite(latent.places).all()


def test_the_same_seed_gives_the_same_figures_and_labels_none(finished, table):
    other = Table(table.architectures, {"cifar10_test_acc": -table.metric("cifar10_test_acc")})
    result, latent = run_arch2vec(SMALL, other)
    for key in ("losses", "reconstruction", "samples"):
        assert result[key] == finished[0][key]
    assert np.array_equal(latent.places, finished[1].places)


def test_an_interrupted_run_goes_on(finished, table, tmp_path):
    class Stopped(Exception):
        pass

    def stop(epoch: int, losses) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        run_arch2vec(SMALL, table, tmp_path / "state", stop)
    seen: list[int] = []
    result, _ = run_arch2vec(SMALL, table, tmp_path / "state", lambda epoch, losses: seen.append(epoch))
    assert seen == [1, 2]
    assert result["reconstruction"] == finished[0]["reconstruction"]


def test_too_few_architectures_are_refused(table):
    with pytest.raises(ArchflowError, match="9 architectures are too few"):
        run_arch2vec(SMALL, table.select(np.arange(9)))


def test_what_is_held_out_does_not_follow_the_order_of_the_table(table, monkeypatch):
    """Sorted or not: the held-out cells are a random tenth."""
    seen = []

    def nothing(embedder, task, train, **_):
        seen.append(train)
        return embedder.with_history(losses={})

    monkeypatch.setattr("archflow_reproduce.studies.arch2vec.pretrain", nothing)
    run_arch2vec(SMALL, table)
    run_arch2vec(replace(SMALL, seed=2), table)
    hashes = table.architectures.hashes
    assert all(len(train) == 108 and set(train.hashes) <= set(hashes) for train in seen)
    assert not np.array_equal(np.sort(seen[0].hashes), np.sort(seen[1].hashes))
    assert not np.array_equal(np.sort(seen[0].hashes), np.sort(hashes[:108]))


def test_the_whole_space_has_the_metrics_of_the_table(table):
    everything = whole_space(table, NASBench201())
    assert len(everything) == 15_625
    accuracy, architectures = everything.metric("cifar10_test_acc"), everything.architectures
    own = dict(zip(table.architectures.hashes[::-1], table.metric("cifar10_test_acc")[::-1], strict=True))
    expected = [own.get(value, np.nan) for value in architectures.hashes]
    np.testing.assert_array_equal(accuracy, expected)


def test_the_whole_space_takes_the_place_of_the_table_and_is_told(finished, table, monkeypatch):
    monkeypatch.setattr(
        "archflow_reproduce.studies.arch2vec.whole_space", lambda table, space: table.select(np.arange(60))
    )
    result, latent = run_arch2vec(replace(SMALL, whole_space=True, epochs=1), table)
    assert (result["train"], result["held_out"], len(latent.architectures)) == (54, 6, 60)
    assert result["whole_space"] is True
    assert finished[0]["whole_space"] is False


def test_reconstruction_counts_nodes_and_pairs_one_by_one(architectures):
    with seeded(0):
        encoder = Arch2Vec(len(architectures.vocabulary), width=16).eval()
        task = VariationalGraphAutoEncoder(encoder).eval()
    right, pairs, edges, gaps = [], [], [], []
    for row, architecture in enumerate(architectures):
        operations, p = task.reconstruct(encoder, Batch(architectures, np.array([row])))
        for node, op in enumerate(architecture.ops):
            right.append(architectures.vocabulary.ops[int(operations[node].argmax())] == op)
        for v in range(len(architecture.ops)):
            for u in range(v):
                joined = (u, v) in architecture.edges or (v, u) in architecture.edges
                chance = float(p[0, u, v])
                pairs.append((chance > 0.5) == joined)
                (edges if joined else gaps).append(chance)
    found = reconstruction(encoder, task, architectures)
    assert found == pytest.approx(
        {
            "operation_accuracy": np.mean(right),
            "adjacency_accuracy": np.mean(pairs),
            "edge_probability": np.mean(edges),
            "non_edge_probability": np.mean(gaps),
        },
        abs=1e-4,
    )


def test_perfect_codes_rebuild_everything():
    """One-hot operations, and a graph where an edge joins exactly the nodes of different operations."""
    ops = ("a", "b")
    cells = ArchitectureSet.from_architectures(
        [Architecture(("a", "b"), ((0, 1),)), Architecture(("b", "a", "b"), ((0, 1), (1, 2)))], Vocabulary(ops)
    )

    def reconstruct(encoder, batch):
        one_hot = torch.nn.functional.one_hot(batch.op, 2).double()
        op = batch.padded.gather(batch.op[:, None])[..., 0]
        return one_hot, (op[:, :, None] != op[:, None]).double()

    found = reconstruction(None, SimpleNamespace(reconstruct=reconstruct), cells)  # type: ignore[arg-type]
    assert list(found.values()) == [1.0, 1.0, 1.0, 0.0]
    lonely = ArchitectureSet.from_architectures([Architecture(("a",), ())], Vocabulary(ops))
    found = reconstruction(None, SimpleNamespace(reconstruct=reconstruct), lonely)  # type: ignore[arg-type]
    assert list(found.values()) == [1.0, None, None, None]


def test_samples_of_nasbench201_count_if_the_space_has_them():
    space = NASBench201()
    cells = list(space.sample(3, np.random.default_rng(1)))
    wrong = Architecture(cells[0].ops, cells[0].edges[1:])
    torn = Architecture(cells[0].ops, ())
    foreign = Architecture(("input", "input", *cells[0].ops[2:]), cells[0].edges)
    samples = ArchitectureSet.from_architectures([*cells, cells[1], wrong, torn, foreign])
    assert sample_quality(space, samples) == {
        "count": 7,
        "valid": 4,
        "distinct": 3,
        "validity": round(4 / 7, 6),
        "uniqueness": 0.75,
    }


def test_samples_of_nasbench101_lose_dead_nodes_first():
    line = Architecture(("input", CONV, "output"), ((0, 1), (1, 2)))
    dead = Architecture(("input", CONV, POOL, "output"), ((0, 1), (1, 3), (0, 2)))
    full = Architecture(("input", *[CONV] * 5, "output"), tuple((u, v) for v in range(7) for u in range(v)))
    found = sample_quality(NASBench101(), ArchitectureSet.from_architectures([line, dead, full]))
    assert (found["valid"], found["distinct"]) == (2, 1)
    none = sample_quality(NASBench101(), ArchitectureSet.from_architectures([full]))
    assert (none["validity"], none["uniqueness"]) == (0.0, None)


def test_the_leading_operation_is_the_single_most_frequent_one():
    cells = [("a", "a", "b"), ("b",), ("a", "b"), ("input", "output"), ("input", "input", "b", "output")]
    found = ArchitectureSet.from_architectures([Architecture(ops, ()) for ops in cells])
    kind, names = frequent_operations(found)
    assert [names[k] if k >= 0 else None for k in kind] == ["a", "b", None, None, "b"]


def test_more_operations_than_colours_share_grey():
    often = [Architecture((op,), ()) for op in "abcdefg" for _ in range("gfedcba".index(op) + 1)]
    kind, names = frequent_operations(ArchitectureSet.from_architectures(often))
    assert names == list("abcde")
    assert (kind == -1).sum() == 3


def test_results_are_whole(finished, tmp_path):
    result, latent = finished
    write_beside(tmp_path / "r.json", result, latent)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("r-accuracy.png", "r-accuracy.svg", "r-operation.png", "r-operation.svg"),
        *("r.html", "r.md"),
    ]
    read = read_page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert list(read.figures) == ["accuracy", "operation", "loss"]
    for name, meaning in MEASURES.values():
        assert name in read.texts("dt")
        assert meaning in read.texts("dd")
    for name in ("accuracy", "operation"):
        ElementTree.fromstring((tmp_path / f"r-{name}.svg").read_text())
        assert (tmp_path / f"r-{name}.png").read_bytes().startswith(b"\x89PNG")
    heads, rows = arch2vec_table(result)
    assert all(len(row) == len(heads) for row in rows)
    assert (tmp_path / "r.md").read_text().count("\n") == 3


def test_maps_show_every_architecture(finished):
    result, latent = finished
    for name, chart in latent_maps(result, latent).items():
        spec = specification(chart)
        assert len(spec["datasets"][spec["data"]["name"]]) == 120, name
        assert spec["encoding"]["x"]["title"].startswith("principal component 1 (")


def test_the_command_writes_and_goes_on(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    table.write(tmp_path / "nasbench201.parquet")
    arguments = {
        "encoder": "arch2vec",
        "whole": False,
        "metric": None,
        "epochs": 1,
        "samples": 20,
        "seed": 1,
        "folder": None,
    }
    for as_json in (False, True):
        arch2vec(data="nasbench201", out=Path("r.json"), as_json=as_json, **arguments)  # type: ignore[arg-type]
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("| data")
    record = read_record("r.json")
    assert json.loads(shown[-1])["result"]["reconstruction"] == record.result["reconstruction"]
    assert record.config["epochs"] == 1
    assert (tmp_path / "runs" / "arch2vec-nasbench201-arch2vec-1-1" / "pretraining.safetensors").is_file()


def test_a_table_without_a_space_is_refused(table, tmp_path):
    table.write(tmp_path / "mine.parquet")
    with pytest.raises(ArchflowError, match="not a named benchmark"):
        arch2vec(data=str(tmp_path / "mine.parquet"))
