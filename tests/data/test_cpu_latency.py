"""The embedded data set of latencies."""

import json

import numpy as np
import pytest

from archflow.data.benchmarks import BENCHMARKS, find, load
from archflow.data.cpu_latency import cpu_latency_table
from archflow.devices.generated import FAMILIES, drawn, parsed
from archflow.features.known import known_columns
from archflow.importers.torch_export import from_module

PATH = find("cpu_latency")[1]


@pytest.fixture(scope="module")
def table():
    return load("cpu_latency")


def test_it_is_part_of_the_package(table):
    assert BENCHMARKS["cpu_latency"].embedded
    assert PATH.stat().st_size < 1e6
    assert len(table) >= 400


def test_its_networks_are_those_of_the_generator(table):
    assert table.native[:8] == [spec.native for spec in drawn(8)]
    assert {parsed(native).family for native in table.native} == set(FAMILIES)


def test_its_graphs_are_those_of_the_importer(table):
    network, inputs = parsed(table.native[5]).build()
    model = from_module(network, inputs)
    assert model.architecture.ops == table.architectures[5].ops
    assert [model.columns[name] for name in ("params", "macs", "bytes")] == [
        table.metric(name)[5] for name in ("params", "macs", "bytes")
    ]


def test_latencies_are_positive_and_described(table):
    about = json.loads(PATH.with_suffix(".json").read_text())
    assert list(about["settings"]) == [name for name in table.metrics if name.startswith("latency_ms_")]
    for column, measured in about["settings"].items():
        values = table.metric(column)
        values = values[np.isfinite(values)]
        assert len(values) == measured["networks"]
        assert (values > 0.1).all()
        assert (values < 1000).all()
        assert BENCHMARKS["cpu_latency"].unit(column).startswith("milliseconds")
    assert np.isfinite(table.metric("latency_ms_1_eager")).mean() > 0.9


def test_costs_are_known_before_measuring_and_latencies_are_not(table):
    known = known_columns(table, ["latency_ms_1_eager"])
    assert {"params", "macs"} <= set(known)
    assert not [name for name in known if name.startswith("latency")]


def test_as_a_long_table_every_latency_has_a_row_with_the_setting_in_words(table):
    long = cpu_latency_table()
    columns = [name for name in table.metrics if name.startswith("latency_ms_")]
    assert len(long) == sum(np.isfinite(table.metric(name)).sum() for name in columns)
    devices = [text or "" for text in long.texts("device")]
    assert {text.split(", ", 3)[-1] for text in set(devices)} == {
        "1 thread, eager",
        "2 threads, eager",
        "1 thread, compiled",
    }
    first = devices.index(next(text for text in devices if "2 threads" in text))
    row = table.native.index(long.texts("name")[first])
    assert long.metric("latency_ms")[first] == table.metric("latency_ms_2_eager")[row]
