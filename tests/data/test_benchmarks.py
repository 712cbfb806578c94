"""Data sets by name and proxies by name."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from archflow.data.benchmarks import BENCHMARKS, FOLDER_VARIABLE, find, load
from archflow.data.cache import store
from archflow.data.nasbench101_graphs import read_graphs
from archflow.data.proxies import proxy, structural_proxies
from archflow.data.readers import READERS
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow.spaces import SPACES, NASBench201
from archflow.spaces.fbnet import BLOCKS


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
    with pytest.raises(ArchflowError, match=r"did you mean 'nasbench101'.* there are: digits201"):
        find("nasbench102")


def test_names_and_paths_lead_to_the_same_benchmark(own):
    table = load("digits201").select(np.arange(5))
    table.write(own / "nasbench201.parquet")
    assert find("nasbench201") == find(own / "nasbench201.parquet")
    assert len(load("nasbench201")) == 5


def test_a_table_of_the_user_s_own_is_no_benchmark_whatever_it_is_called(own, tmp_path):
    cells = NASBench201().sample(5, np.random.default_rng(0))
    mine = tmp_path / "nasbench201.csv"
    Table(cells, {"accuracy": np.arange(5.0)}).write(mine)
    assert find(mine) == (None, mine)
    Table(cells, {"accuracy": np.arange(5.0)}).write(own / "nasbench201.csv")  # not what the name leads to either
    assert find(own / "nasbench201.csv")[0] is None
    assert find(mine, known_as="nasbench201") == (BENCHMARKS["nasbench201"], mine)
    with pytest.raises(ArchflowError, match="no data set is called 'nasbench210'"):
        find(mine, known_as="nasbench210")
    with pytest.raises(ArchflowError, match="digits201 is a benchmark of its own; only a table file can count as nas"):
        find("digits201", known_as="nasbench201")


def test_the_file_in_the_cache_is_the_benchmark(cache):
    cells = NASBench201().sample(5, np.random.default_rng(0))
    store("nasbench201", Table(cells, {"accuracy": np.arange(5.0)}), {}, "imported")
    assert find(cache / "nasbench201.parquet")[0] is BENCHMARKS["nasbench201"]
    assert find(cache / "nasbench201.csv")[0] is None


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_operation_names_with_numbers_become_attributes_once(own, cache, tmp_path, ending):
    """A table of the old form counts as the benchmark: its graphs are those that the space gives."""
    space = SPACES.get("fbnet")()
    some = space.sample(6, np.random.default_rng(0))
    texts = [space.format(a) for a in some]
    blocks = [["input", *(list(BLOCKS)[int(number)] for number in text.split(",")), "output"] for text in texts]
    old = ArchitectureSet.from_architectures(
        [Architecture(tuple(ops), a.edges) for ops, a in zip(blocks, some, strict=True)]
    )
    path = tmp_path / f"measured.{ending}"
    Table(old, {"fpga_ms": np.arange(6.0)}, texts).write(path)
    assert set(load(path).architectures.vocabulary.ops) > {"k3_e1"}
    benchmark, made = find(path, known_as="fbnet_latency")
    assert benchmark is BENCHMARKS["fbnet_latency"]
    table = read_table(made, space.vocabulary)
    assert made.is_relative_to(cache)
    assert list(table.architectures) == list(some)
    assert table.native == texts
    assert table.metric("fpga_ms").tolist() == [0, 1, 2, 3, 4, 5]
    assert find(path, known_as="fbnet_latency")[1] == made
    assert find(made, known_as="fbnet_latency")[1] == made
    broken = tmp_path / "broken.csv"
    Table(old.select([0, 1]).replaced(op=np.zeros(48, np.int32)), {"fpga_ms": np.ones(2)}).write(broken)
    with pytest.raises(ArchflowError, match=r"broken\.csv: architecture 0 is not of fbnet"):
        find(broken, known_as="fbnet_latency")


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
    if not benchmark.space:
        return  # real models have operations of their own
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


def test_a_table_without_graphs_is_loaded_by_columns_or_native_strings(tmp_path):
    frame = pd.DataFrame({"width": [8, 16], "native": ["01201222", "00000000"]})
    frame.to_csv(tmp_path / "plain.csv", index=False)
    for given in (frame.astype({"width": float}), tmp_path / "plain.csv"):
        assert load(given, chain="width").architectures.attribute("width")[1] == 8
        assert "identity" in load(given, space="nasbench_macro").architectures.vocabulary
        with pytest.raises(ArchflowError, match=r"no column 'ops'.*load\(\.\.\., chain='width, depth'\)"):
            load(given)
