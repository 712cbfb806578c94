"""What importers of tables share."""

import pytest

from archflow.errors import ArchflowError
from archflow.importers import IMPORTERS, Source
from archflow.importers.foreign_tables import TableImporter, predecessors
from archflow.importers.neusight_table import NeuSightTableImporter
from tests.importers.tables import GRAPHNET, NCNN, NEUSIGHT, PADDLE, write


@pytest.mark.parametrize(
    ("row", "name"),
    [(NCNN, "ncnn_table"), (PADDLE, "paddle_table"), (NEUSIGHT, "neusight_table"), (GRAPHNET, "graphnet_table")],
)
def test_a_table_is_taken_by_one_importer(tmp_path, row, name):
    source = Source(write(tmp_path / "t.parquet", row))
    assert [each for each in IMPORTERS.names() if IMPORTERS.get(each)().accepts(source)] == [name]


def test_what_is_no_table_is_taken_by_none(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "folder.parquet").mkdir()
    kinds = [kind for name in IMPORTERS.names() if issubclass(kind := IMPORTERS.get(name), TableImporter)]
    assert len(kinds) == 4
    for kind in kinds:
        assert not any(kind().accepts(Source(str(path))) for path in tmp_path.iterdir())


def test_an_error_names_the_row(tmp_path):
    path = write(tmp_path / "t.parquet", NEUSIGHT, {**NEUSIGHT, "out_shape": ["(1, 2"] * 11})
    with pytest.raises(ArchflowError, match=r"t\.parquet: row 1 is damaged"):
        list(NeuSightTableImporter().models(Source(path)))


def test_predecessors_come_in_the_order_of_their_places():
    row = {"ops": "abc", "edge_src": [0, 1], "edge_dst": [2, 2], "place": [1, 0]}
    assert predecessors(row) == [[], [], [0, 1]]
    assert predecessors(row, "place") == [[], [], [1, 0]]
    for source, target in ((1, 1), (2, 1), (-1, 2), (0, 3)):
        with pytest.raises(ValueError, match="forwards"):
            predecessors({"ops": "abc", "edge_src": [source], "edge_dst": [target]})
