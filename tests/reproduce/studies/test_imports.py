"""What importing takes: tables that others traced, networks in torch."""

import re

import pytest

from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow_reproduce.results.import_report import import_tables
from archflow_reproduce.studies import imports
from archflow_reproduce.studies.imports import import_network, import_rows, run_imports
from archflow_reproduce.studies.large_networks import NETWORKS
from tests.importers.tables import GRAPHNET, write


@pytest.fixture
def here(monkeypatch):
    """Everything in this process, networks of one block."""
    monkeypatch.setattr(imports.multiprocessing, "get_context", lambda _: Here)
    monkeypatch.setattr(imports, "NODES", (1,))
    monkeypatch.setattr(imports, "_PASSES", 1)


class Here:
    """A pool without processes."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    Pool = classmethod(lambda cls, *_: cls())

    def apply(self, function, arguments):
        return function(*arguments)


def test_every_row_is_counted_and_what_is_finished_is_kept(here, tmp_path, monkeypatch):
    odd = {**GRAPHNET, "sample": "plain", "ops": ["method.relu" if "frob" in op else op for op in GRAPHNET["ops"]]}
    damaged = {**GRAPHNET, "edge_dst": [0] * len(GRAPHNET["edge_dst"])}
    write(tmp_path / "small.parquet", GRAPHNET, odd, damaged)
    result = run_imports(tmp_path / "runs", tmp_path, ["small"])
    facts = result["tables"]["small"]
    assert (facts["rows"], facts["imported"], sum(facts["failed"].values())) == (3, 2, 1)
    assert facts["with_opaque"] == 1
    assert facts["nodes"]["total"] == pytest.approx(2 * facts["nodes"]["median"])
    assert list(facts["opaque"].values()) == [1]
    assert set(result["networks"]) == set(NETWORKS)
    text = "\n\n".join(import_tables(result))
    assert re.search(r"`small` *\| *3 *\| *2 *\| *1 *\|", text)
    assert "not imported" in text
    kept = sorted((tmp_path / "runs").iterdir())
    assert "nodes" in read_json(kept[0])
    monkeypatch.setattr(imports, "import_rows", lambda *_: pytest.fail("it was kept"))
    monkeypatch.setattr(imports, "import_network", lambda *_: pytest.fail("it was kept"))
    assert run_imports(tmp_path / "runs", tmp_path, ["small"]) == result


def test_a_network_is_about_as_large_as_asked(monkeypatch):
    monkeypatch.setattr(imports, "_PASSES", 1)
    found = import_network("residual", 40)
    assert 35 < found["nodes"] < 60
    assert found["weights_gib"] >= 0
    assert found["peak_gib"] >= found["before_gib"]


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ArchflowError, match=r"ncnn_graphs\.parquet: is missing"):
        run_imports(tmp_path / "runs", tmp_path, ["ncnn_graphs"])
    (tmp_path / "odd.parquet").write_bytes(b"no table")
    with pytest.raises(ArchflowError, match="not a table of graphs"):
        import_rows(tmp_path / "odd.parquet", 0, 1)
