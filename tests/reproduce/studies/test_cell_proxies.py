"""The job that computes the proxies which the package carries, and whether its narrow networks rank as full ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import read_table
from archflow_reproduce.protocol.published_protocol import published_protocol
from archflow_reproduce.results.page import results_page
from archflow_reproduce.studies import cell_proxies, widths
from archflow_reproduce.studies.cell_proxies import PARTS, Part, compute_part, digits_16, protocol_cells, write_proxies
from archflow_reproduce.studies.widths import run_widths, steps
from tests.reproduce.results.records import write

SMALL = (Part(("l2_norm",), 4), Part(("nwot", "synflow"), 5))


@pytest.fixture
def cells(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> ArchitectureSet:
    """The first three of the protocol's cells; networks of one cell a stack and four images."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(data_folder))
    for module in (cell_proxies, widths):
        monkeypatch.setattr(module, "BATCH", 4)
        monkeypatch.setattr(module, "network_size", _one_cell_a_stack)
        monkeypatch.setattr(module, "PARTS", SMALL)
    monkeypatch.setattr(cell_proxies, "shipped_proxies", lambda cells: {})
    return protocol_cells().select(np.arange(3))


def _one_cell_a_stack(channels: int) -> dict[str, int]:
    return {"channels": channels, "cells_per_stage": 1, "stages": 2}


def test_the_cells_are_those_of_the_protocol(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(data_folder))
    from archflow.data.benchmarks import benchmark_of, load
    from archflow.data.splits import pool

    protocol = published_protocol(benchmark_of("nasbench101"), "gated_gcn")
    assert (protocol.train, protocol.test, protocol.shuffled) == (7290, 7290, False)
    table = load("nasbench101")
    measured = table.select(np.flatnonzero(np.isfinite(table.metric(protocol.metric))))
    ranked = measured.select(pool(len(measured), protocol.train, protocol.test, protocol.shuffled))
    np.testing.assert_array_equal(protocol_cells().hashes, ranked.architectures.hashes)


def test_images_are_the_digits_enlarged() -> None:
    images = digits_16()
    assert images.image_shape == (3, 16, 16)
    np.testing.assert_array_equal(images.train_images[:, :, ::2, ::2], images.train_images[:, :, 1::2, 1::2])
    assert images.train_images.unique(dim=1).shape[1] == 1


def test_every_proxy_is_of_one_part() -> None:
    names = [name for part in PARTS for name in part.names]
    assert sorted(names) == sorted({"jacov", "synflow", "nwot", "zen", "snip", "l2_norm", "grad_norm"})


def test_what_is_finished_is_written(cells: ArchitectureSet, tmp_path: Path) -> None:
    out = tmp_path / "x.proxies.parquet"
    with pytest.raises(ArchflowError, match="run the job first"):
        write_proxies(cells, tmp_path, out)
    first = compute_part(SMALL[0], cells, tmp_path)
    card = write_proxies(cells, tmp_path, out)
    assert (card["cells"], card["of"], list(card["missing"])) == (3, 3, ["zc_l2_norm"])

    second = compute_part(SMALL[1], cells, tmp_path)
    journal = cell_proxies.journal_of(tmp_path, SMALL[1], 3)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))  # one cell is done
    card = write_proxies(cells, tmp_path, out)
    assert card == json.loads(out.with_suffix(".json").read_text())
    assert card["missing"] == {"zc_l2_norm": 0, "zc_nwot": 2, "zc_synflow": 2}
    found = read_table(out)
    np.testing.assert_array_equal(found.architectures.hashes, cells.hashes)
    np.testing.assert_allclose(found.metric("zc_l2_norm"), [first[row, 0]["l2_norm"] for row in range(3)], rtol=1e-6)
    np.testing.assert_allclose(found.metric("zc_nwot"), [second[0, 0]["nwot"], np.nan, np.nan], rtol=1e-6)
    with pytest.raises(ArchflowError, match="journal of another job"):
        write_proxies(cells.select([1, 0, 2]), tmp_path, out)


def test_what_the_package_carries_is_not_computed_again(
    cells: ArchitectureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = {"zc_l2_norm": np.array([5.0, np.nan, np.nan])}
    monkeypatch.setattr(cell_proxies, "shipped_proxies", lambda cells: carried)
    assert sorted(row for row, _ in compute_part(SMALL[0], cells, tmp_path)) == [0, 1]
    out = tmp_path / "x.proxies.parquet"
    card = write_proxies(cells, tmp_path, out)
    assert card["missing"] == {"zc_l2_norm": 0}
    found = read_table(out).metric("zc_l2_norm")
    assert found[0] == 5
    assert np.isfinite(found).all()


@pytest.mark.usefixtures("cells")
def test_widths_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widths, "NAMES", ("l2_norm", "nwot"))
    result = run_widths(4, tmp_path / "work", (4, 6), full=8)
    assert result["shipped"] == {"l2_norm": 4, "nwot": 5, "synflow": 5}
    assert set(result["agreement"]) == {"l2_norm", "nwot"}
    by_width = result["agreement"]["l2_norm"]
    assert list(by_width) == ["4", "6", "8"]
    assert by_width["4"]["enlarged"]["kendall"] == pytest.approx(1)  # the weights do not depend on the images
    assert by_width["6"]["enlarged"] is None
    assert by_width["8"]["full"] is None
    assert by_width["6"]["full"]["cells"] == by_width["8"]["seeds"]["cells"] == 4
    assert len(list((tmp_path / "work").iterdir())) == 7
    assert steps(4, (4, 6)) == 28

    (tmp_path / "work" / "8-channels-16-pixels-seed-1-4.journal.jsonl").unlink()
    journal = tmp_path / "work" / "6-channels-16-pixels-seed-1-4.journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))  # three cells are done
    result = run_widths(4, tmp_path / "work", (4, 6), full=8, collect=True)
    again = result["agreement"]["l2_norm"]
    assert again["4"] == by_width["4"]
    assert [again[width]["seeds"]["cells"] for width in ("4", "6", "8")] == [4, 3, 0]
    assert not (tmp_path / "work" / "8-channels-16-pixels-seed-1-4.journal.jsonl").exists()

    write(tmp_path / "results" / "widths.json", "widths", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Zero-cost proxies of narrow networks" in page
    assert "| `l2_norm` | 4, shipped |" in page
    assert page.count(" on 3") == 2
