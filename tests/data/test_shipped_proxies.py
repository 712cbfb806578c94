"""The proxies that the package carries are found for every table that lacks them, and are what their card says."""

import json
from pathlib import Path

import numpy as np
import pytest

from archflow.data import shipped_proxies as shipped
from archflow.data.joined import joined
from archflow.data.proxies import proxy
from archflow.data.proxy_job import NetworkProxies
from archflow.data.shipped_proxies import FOLDER, shipped_proxies
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table, read_table
from archflow.spaces import NASBench101

EDGES = ((0, 1), (0, 2), (1, 3), (2, 3))
OPS = ("conv3x3-bn-relu", "maxpool3x3")
CARRIED = FOLDER / "nasbench101.proxies.parquet"


def cell(first: str, second: str) -> Architecture:
    return Architecture(("input", first, second, "output"), EDGES)


def table(*cells: Architecture, **metrics: list[float]) -> Table:
    architectures = ArchitectureSet.from_architectures(cells)
    return Table(architectures, {name: np.array(values) for name, values in metrics.items()})


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package carries one proxy of two cells."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    table(cell(*OPS), cell(OPS[0], OPS[0]), zc_jacov=[-33.0, -34.0]).write(tmp_path / "nasbench101.proxies.parquet")


@pytest.mark.usefixtures("carried")
def test_a_table_without_the_column_gets_it_by_the_cells() -> None:
    # Another numbering of the first cell, an unknown one, and the second.
    mine = table(cell(*OPS[::-1]), cell(OPS[1], OPS[1]), cell(OPS[0], OPS[0]))
    np.testing.assert_array_equal(proxy(mine, "zc_jacov"), [-33, np.nan, -34])
    np.testing.assert_array_equal(joined({"mine": mine}, ["zc_jacov"]).proxies["zc_jacov"], [-33, np.nan, -34])


@pytest.mark.usefixtures("carried")
def test_a_column_of_the_table_goes_before() -> None:
    mine = table(cell(*OPS), cell(OPS[0], OPS[0]), zc_jacov=[1.0, np.nan])
    np.testing.assert_array_equal(proxy(mine, "zc_jacov"), [1, np.nan])


@pytest.mark.usefixtures("carried")
def test_what_is_not_carried_is_refused_and_named() -> None:
    with pytest.raises(ArchflowError, match=r"no proxy 'zc_zen'.*there are: .*zc_jacov"):
        proxy(table(cell(*OPS)), "zc_zen")
    with pytest.raises(ArchflowError, match="no proxy 'zc_jacov'"):
        proxy(table(cell(OPS[1], OPS[1])), "zc_jacov")  # a cell of the space that has no values
    other = table(Architecture(("input", "dense", "output"), ((0, 1), (1, 2))))
    assert shipped_proxies(other.architectures) == {}


def test_rows_are_found_by_hash() -> None:
    known = np.array([7, 3, 7, 9], np.uint64)
    assert rows_of(known, np.array([9, 7, 4, 3, 10], np.uint64)).tolist() == [3, 0, -1, 1, -1]
    assert rows_of(known[:0], known).tolist() == [-1] * 4
    assert rows_of(known, known[:0]).tolist() == []


def test_the_carried_table_is_what_its_card_says() -> None:
    card, carried = json.loads(CARRIED.with_suffix(".json").read_text()), read_table(CARRIED)
    assert CARRIED.stat().st_size < 1e6
    assert len(carried) == card["cells"] <= card["of"] == 14_580
    assert len(np.unique(carried.architectures.hashes)) == len(carried)
    assert set(carried.metrics) == {f"zc_{name}" for part in card["parts"] for name in part["names"]}
    assert {name: int(np.isnan(values).sum()) for name, values in carried.metrics.items()} == card["missing"]


def test_a_cells_proxies_again_are_those_of_the_table() -> None:
    from archflow_reproduce.studies.cell_proxies import digits_16

    card, carried, space = json.loads(CARRIED.with_suffix(".json").read_text()), read_table(CARRIED), NASBench101()
    for part in card["parts"]:
        columns = [f"zc_{name}" for name in part["names"]]
        row = int(np.isfinite([carried.metric(column) for column in columns]).all(axis=0).argmax())
        evaluate = NetworkProxies(space.name, digits_16, tuple(part["names"]), part["batch"], part["size"])
        found = evaluate(carried.architectures[row], part["seed"])
        for column, value in zip(columns, found.values(), strict=True):
            assert value == pytest.approx(carried.metric(column)[row], rel=0.01), column
