"""Data sets by name and proxies by name."""

import json
import re

import numpy as np
import pytest

from archflow.data.benchmarks import BENCHMARKS, FOLDER_VARIABLE, find, load
from archflow.data.nasbench101_graphs import read_graphs
from archflow.data.proxies import proxy, structural_proxies
from archflow.data.readers import READERS
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import SPACES, NASBench201


def test_embedded_benchmark_needs_nothing(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    table = load("digits201")
    assert len(table) >= 2000
    assert np.isfinite(table.metric(BENCHMARKS["digits201"].metric)).all()
    space = NASBench201()
    assert table.native is not None
    assert len({space.canonical(space.parse(text)) for text in table.native}) == len(table)


def test_a_benchmark_that_is_not_here_says_how_to_get_it(cache):
    with pytest.raises(ArchflowError, match=f"set {FOLDER_VARIABLE}"):
        find("nasbench201")
    with pytest.raises(ArchflowError, match="there are digits201"):
        find("nasbench102")


def test_names_and_paths_lead_to_the_same_benchmark(own):
    table = load("digits201").select(np.arange(5))
    table.write(own / "nasbench201.parquet")
    assert find("nasbench201") == find(own / "nasbench201.parquet")
    assert len(load("nasbench201")) == 5


def test_every_entry_is_complete():
    for benchmark in BENCHMARKS.values():
        assert benchmark.about
        assert benchmark.licence
        assert benchmark.citation
        assert benchmark.unit(benchmark.metric)
        assert benchmark.files == () or benchmark.name in READERS
        for file in benchmark.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert len(file.addresses) >= 2
            assert all(address.startswith("https://") and "{" not in address for address in file.addresses)


def test_units_are_those_of_the_first_pattern_that_fits():
    graph = BENCHMARKS["nasbench_graph"]
    assert graph.unit("cora_latency") == "seconds"
    assert "validation" in graph.unit("cora_valid_perf")
    assert "test" in graph.unit("cora_perf")
    assert graph.unit("something else") == ""


def test_the_files_are_those_of_the_sources(data_folder):
    sources = json.loads((data_folder / "SOURCES.json").read_text())
    ours = {file.name: file for benchmark in BENCHMARKS.values() for file in benchmark.files}
    assert len(ours) == len(sources)
    for source in sources:
        file = ours[source["file"].rsplit("/", 1)[-1]]
        assert (file.sha256, file.size) == (source["sha256"], source["bytes"])
        assert file.addresses[0] == source["url"]


@pytest.mark.parametrize("name", sorted(set(BENCHMARKS) - {"digits201"}))
def test_every_table_is_a_benchmark_with_metric_proxy_and_units(data_folder, cache, monkeypatch, name):
    monkeypatch.setenv(FOLDER_VARIABLE, str(data_folder))
    benchmark, table = BENCHMARKS[name], load(name)
    assert np.isfinite(table.metric(benchmark.metric)).sum() > 200
    assert np.isfinite(proxy(table, benchmark.proxy)).sum() > 200
    assert not [column for column in table.metrics if not benchmark.unit(column)]
    space = SPACES.get(benchmark.space)()
    assert set(table.architectures.vocabulary.ops) <= set(space.vocabulary.ops)


def test_structural_proxies_are_what_they_say():
    a = Architecture(("input", "conv", "conv", "output"), ((0, 1), (1, 2), (2, 3), (0, 3)))
    b = Architecture(("input", "pool", "output"), ((0, 1), (1, 2)))
    computed = structural_proxies(ArchitectureSet.from_architectures([a, b]))
    assert computed["depth"].tolist() == [3, 2]
    assert computed["nodes"].tolist() == [4, 3]
    assert computed["edges"].tolist() == [4, 2]
    assert computed["count:conv"].tolist() == [2, 0]


def test_proxy_prefers_the_column_then_computes():
    space = NASBench201()
    cells = space.sample(20, np.random.default_rng(0))
    table = Table(cells, {"flops": np.arange(20.0)})
    assert np.array_equal(proxy(table, "flops"), np.arange(20.0))
    assert np.array_equal(proxy(table, "params"), space.costs(cells)["params"])
    assert np.array_equal(proxy(table, "depth"), cells.depths)
    with pytest.raises(ArchflowError, match=r"no proxy 'jacov'.*count:none"):
        proxy(table, "jacov")


def test_nasbench101_graphs_hold_every_row_of_the_table(data_folder):
    graphs = read_graphs(data_folder / "nasbench101_graphs.npz")
    assert len(graphs) == 423_624
    hashes = graphs.hashes
    assert len(np.unique(hashes)) == 423_624
    rows = load(data_folder / "nasbench101.parquet").architectures
    assert np.isin(rows.hashes, hashes).all()


def test_foreign_archive_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", other=np.zeros(3))
    with pytest.raises(ArchflowError, match="not the packed NAS-Bench-101 graphs"):
        read_graphs(tmp_path / "x.npz")
