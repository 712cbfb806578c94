"""Tables in which a row names its device."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict.metrics import spearman
from archflow_reproduce.latency.methods.base import METHODS, drawn
from archflow_reproduce.latency.methods.several import PARTS
from archflow_reproduce.latency.tables.base import LatencyTable
from archflow_reproduce.latency.tables.several import ARCHITECTURES, several
from tests.latencies import long_latencies


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    long = long_latencies(60)
    table = LatencyTable("several/made", long.without(["latency_ms", "accuracy"]), long.metric("latency_ms"))
    return drawn(table, 60, 0, tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize("name", ["plain", "one per device", *(f"{part} alone" for part in PARTS)])
def test_methods_that_read_the_device_beat_the_one_that_does_not(name, task):
    blind = METHODS.get("several/without devices")(task)
    found = METHODS.get(f"several/{name}")(task)
    assert found.shape == task.truth.shape
    assert (found > 0).all()
    assert spearman(found, task.truth) > spearman(blind, task.truth) + 0.1


def test_a_table_of_one_device_is_refused(task):
    long = task.of.table.without(["device"])
    one = LatencyTable("made/one", long, task.of.latency)
    with pytest.raises(ArchflowError, match="has no column device"):
        METHODS.get("several/plain")(drawn(one, 30, 0, task.folder))


def test_the_real_tables_have_every_architecture_on_every_device():
    try:
        tables = several()
    except ArchflowError as error:
        pytest.skip(str(error))
    for table in tables:
        devices = np.array(table.table.texts("device"))
        assert len(np.unique(devices)) >= 6
        assert {int((devices == each).sum()) for each in np.unique(devices)} == {ARCHITECTURES}
        assert list(table.table.metrics) == []
