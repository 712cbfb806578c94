"""Readers of published files give the values of the tables that were made of the same files by other means."""

import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from archflow.data.nasbench101_graphs import graphs_of, read_graphs
from archflow.data.readers import READERS, nasbench101, nasbench201, nasbench201_latency, nasbench_graph
from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table
from archflow.spaces import NASBench201

SPACE = NASBench201()


@pytest.fixture(scope="module")
def raw(data_folder) -> Path:
    return data_folder / "raw"


def files(folder: Path, *without: str) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir() if path.name not in without}


def assert_values_of(reference: Table, read: Table, rows=slice(None)) -> None:
    """Every column of `read` is one of the reference, once rounded to single precision as that is."""
    for name, values in read.metrics.items():
        expected = reference.metric(name)[rows]
        assert np.array_equal(values.astype(np.float32), expected.astype(np.float32), equal_nan=True), name
    assert np.isfinite(list(read.metrics.values())).any(axis=1).all()


def assert_graphs_of(reference: Table, read: Table) -> None:
    ours, theirs = read.architectures, reference.architectures.recoded(read.architectures.vocabulary)
    assert np.array_equal(ours.op, theirs.op)
    assert np.array_equal(ours.node_ptr, theirs.node_ptr)
    assert np.array_equal(edge_codes(ours), edge_codes(theirs))


def edge_codes(architectures) -> np.ndarray:
    """Edges as numbers that sort by architecture, then ends."""
    row = np.repeat(np.arange(len(architectures)), architectures.edge_counts)
    return np.sort((row * 64 + architectures.edge_src) * 64 + architectures.edge_dst)


def test_nasbench201(raw, data_folder):
    read, reference = nasbench201.read(files(raw / "nasbench201")), read_table(data_folder / "nasbench201.parquet")
    assert list(read.metrics) == ["arch_id", "params_M", "cifar10_test_acc", "cifar10_val_acc", "zc_jacov"]
    assert read.native == reference.native
    assert np.isnan(read.metric("zc_jacov")).sum() == 341
    assert_values_of(reference, read)
    assert_graphs_of(reference, read)


def test_nasbench201_latency(raw, data_folder):
    read = nasbench201_latency.read(files(raw / "nasbench201_latency"))
    columns = pq.read_table(data_folder / "nasbench201_latency.parquet").to_pydict()
    assert read.native == columns["native"]
    assert len(read.metrics) == 1 + 7
    for name, values in read.metrics.items():
        assert np.array_equal(values.astype(np.float32), np.array(columns[name], np.float32)), name
    assert [SPACE.format(cell) for cell in read.architectures.select(np.arange(0, 15_625, 500))] == read.native[::500]


@pytest.mark.parametrize(
    ("name", "datasets"), [("nasbench_graph_proteins", ("proteins",)), ("nasbench_graph", ("cora", "arxiv"))]
)
def test_nasbench_graph(raw, data_folder, name, datasets):
    read = nasbench_graph.read({f"{name}.bench": raw / "nasbench_graph" / f"{name}.bench" for name in datasets})
    reference = read_table(data_folder / f"{name}.parquet")
    assert len(read.metrics) == 1 + 4 * len(datasets)
    assert_values_of(reference, read)
    assert_graphs_of(reference, read)


def test_nasbench101(raw, data_folder, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    read, reference = nasbench101.read(files(raw / "nasbench101")), read_table(data_folder / "nasbench101.parquet")
    sample = np.flatnonzero(np.isfinite(reference.metric("val_acc_4")))
    assert len(read) == len(sample) == 30_001
    assert_values_of(reference, read, sample)
    assert_graphs_of(reference.select(sample), read)


def test_graphs_of_hashes_with_and_without_the_packed_archive(data_folder, tmp_path, monkeypatch):
    """The whole space takes long to hash, so here it is a part of it."""
    with np.load(data_folder / "nasbench101_graphs.npz") as archive:
        part = {name: archive[name][::5000] for name in archive.files}
    np.savez(tmp_path / "nasbench101_graphs.npz", **part)
    cells, hashes = read_graphs(tmp_path / "nasbench101_graphs.npz"), [row.tobytes().hex() for row in part["md5"]]
    monkeypatch.setattr("archflow.spaces.nasbench101.NASBench101.enumerate", lambda self: cells)
    for folder in (tmp_path, tmp_path / "empty"):
        monkeypatch.setenv("ARCHFLOW_DATA", str(folder))
        assert list(graphs_of(hashes[::-1])) == list(cells)[::-1]
        with pytest.raises(ArchflowError, match="no NAS-Bench-101 cell has the hash 'feed'"):
            graphs_of([hashes[0], "feed"])


def test_every_reader_refuses_what_is_not_published(tmp_path):
    """Content of the right kind of file, but of something else."""
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "list.pickle").write_bytes(pickle.dumps([1, 2]))
    (tmp_path / "row.pickle").write_bytes(pickle.dumps({7: {"perf": 0.5}}))
    (tmp_path / "hash.pickle").write_bytes(
        pickle.dumps({99_999: dict.fromkeys(("valid_perf", "perf", "latency", "para"), 0.5)})
    )
    (tmp_path / "list.json").write_text("[1]")
    columns = {name: [0.5, 0.5] for name in nasbench101._METRICS}
    (tmp_path / "twice.json").write_text(json.dumps({**columns, "key": ["aa", "aa"]}))
    (tmp_path / "short.json").write_text(json.dumps({**columns, "key": ["aa"]}))
    (tmp_path / "text.json").write_text(json.dumps({**columns, "key": ["aa", "bb"], "final_training_time": ["x", 1]}))
    cases = [
        ("nasbench201", {"arch_score_acc.pd": "list.pickle"}, "not the published NAS-Bench-201 table"),
        ("nasbench201", {"arch_score_acc.pd": "array.npy"}, "not a pickle"),
        ("nasbench_graph", {"cora.bench": "list.pickle"}, "not a mapping from hashes"),
        ("nasbench_graph", {"cora.bench": "row.pickle"}, "not a published NAS-Bench-Graph file"),
        ("nasbench_graph", {"cora.bench": "hash.pickle"}, "99999"),
        ("nasbench201_latency", {"str_arch2idx.pt": "list.pickle"}, "not a whole torch file"),
        ("nasbench101", {"data-10k.json": "list.json"}, "not the published columns"),
        ("nasbench101", {"data-10k.json": "twice.json"}, "a cell occurs twice"),
        ("nasbench101", {"data-10k.json": "short.json"}, "they differ in length"),
        ("nasbench101", {"data-10k.json": "text.json"}, "not the published columns"),
    ]
    for name, given, reason in cases:
        with pytest.raises(ArchflowError, match=reason):
            READERS[name]({published: tmp_path / path for published, path in given.items()})


def torch_file(path: Path, content) -> Path:
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, 2))
    return path


def test_latencies_must_fit_the_cells(tmp_path):
    cells = SPACE.sample(3, np.random.default_rng(0))
    native = [SPACE.format(cell) for cell in cells]
    numbers = torch_file(tmp_path / "str_arch2idx.pt", {native[2]: 2, native[0]: 0, native[1]: 1})
    fpga = torch_file(tmp_path / "fpga.pt", [0.5, 1.5, 2.5])
    table = nasbench201_latency.read({"str_arch2idx.pt": numbers, "fpga.pt": fpga})
    assert table.native == native
    assert table.metric("help_fpga_ms").tolist() == [0.5, 1.5, 2.5]
    for wrong in ([0.5, 1.5], [0.5, 1.5, "x"], {"a": 1}):
        given = {"str_arch2idx.pt": numbers, "x.pt": torch_file(tmp_path / "x.pt", wrong)}
        with pytest.raises(ArchflowError, match=r"x\.pt: not published latencies: it is not a list of 3 numbers"):
            nasbench201_latency.read(given)
    for wrong, reason in (
        ([1], "not a mapping"),
        ({native[0]: 1}, "not 0 to 0"),
        ({native[0]: "x"}, "not 0 to 0"),
        ({"no cell": 0}, "'no cell'"),
    ):
        with pytest.raises(ArchflowError, match=reason):
            nasbench201_latency.read({"str_arch2idx.pt": torch_file(tmp_path / "n.pt", wrong)})


def test_a_graph_data_set_without_an_architecture_is_empty_there(tmp_path):
    row = {"valid_perf": 0.5, "perf": np.float64(0.25), "latency": 1.0, "para": 2.0}
    (tmp_path / "a.bench").write_bytes(pickle.dumps({1111: row, 0: row}, 4))
    (tmp_path / "b.bench").write_bytes(pickle.dumps({0: row}, 4))
    table = nasbench_graph.read({"a.bench": tmp_path / "a.bench", "b.bench": tmp_path / "b.bench"})
    assert table.metric("arch_id").tolist() == [0, 1111]
    assert table.metric("a_perf").tolist() == [0.25, 0.25]
    assert table.metric("b_para")[0] == 2.0
    assert np.isnan(table.metric("b_para")[1])
