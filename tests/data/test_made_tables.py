import pytest

from archflow.data.made_tables import made_once
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from tests.data.toy import TABLE


@pytest.fixture
def made_of(cache, tmp_path):
    path = tmp_path / "source.txt"
    path.write_text("one")
    return path


def test_a_table_is_made_once_and_again_if_it_or_its_source_changed(made_of):
    times = []

    def write(path):
        times.append(path)
        TABLE.write(path)

    first = made_once("t", [made_of], write)
    assert made_once("t", [made_of], write) == first
    assert len(read_table(first)) == len(TABLE)
    assert len(times) == 1
    first.write_bytes(first.read_bytes()[:-1])
    made_once("t", [made_of], write)
    assert len(read_table(first)) == len(TABLE)
    assert len(times) == 2
    made_of.write_text("two")
    assert made_once("t", [made_of], write) != first


def test_a_missing_source_and_a_failure_leave_nothing(made_of, cache, tmp_path):
    with pytest.raises(ArchflowError, match=r"none\.txt"):
        made_once("t", [tmp_path / "none.txt"], TABLE.write)

    def fail(path):
        raise ArchflowError("row 3: no graph")

    with pytest.raises(ArchflowError, match="row 3"):
        made_once("t", [made_of], fail)
    assert not cache.exists()
