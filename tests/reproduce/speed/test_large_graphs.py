"""Large graphs: message passing grows with nodes, and what grows faster says so."""

import pytest

from archflow.encoders import ENCODERS
from archflow.graph import ArchitectureSet
from archflow_reproduce.results.large_graphs_report import large_graph_tables
from archflow_reproduce.speed import large_graphs
from archflow_reproduce.speed.large_graphs import _Allocated, _encoder, embed, model_graph, run_speed_large_graphs
from tests.reproduce.speed.clocks import Ticking

SINGLE = [name for name in ENCODERS.names() if not ENCODERS.get(name).reads_pairs]


def counted(name, nodes):
    """Bytes and operations of an embedding."""
    encoder = _encoder(name, len(large_graphs.OPERATIONS) + 2)
    with _Allocated() as found:
        embed(encoder, ArchitectureSet.from_architectures([model_graph(nodes)]))
    return found.total, found.calls


@pytest.mark.parametrize("name", SINGLE)
def test_what_takes_more_than_in_proportion_to_nodes_says_so(name):
    if not _encoder(name, 12).pair_layers and not _numbers_nodes(name):
        (small, few), (large, many) = counted(name, 60), counted(name, 120)
        assert many <= 2.2 * few
        assert large <= 2.2 * small


def _numbers_nodes(name):
    """Whether an encoder refuses graphs with more nodes than it has numbers for."""
    return "max_nodes" in _encoder(name, 12).config


def test_the_graph_is_as_large_as_asked_and_has_skips():
    graph = model_graph(500)
    assert len(graph.ops) == 500
    assert 550 < len(graph.edges) < 700
    assert graph == model_graph(500)
    assert graph != model_graph(500, seed=1)


def test_the_result_and_its_tables():
    result = run_speed_large_graphs((40, 80), ["gin", "transformer", "adjacency_mlp"], Ticking(0.5))
    assert set(result["encoders"]) == {"gin"}
    assert 1.8 < result["encoders"]["gin"]["allocated_mb"]["80"] / result["encoders"]["gin"]["allocated_mb"]["40"] < 2.2
    assert result["pairs"]["transformer"]["refused"] == []
    assert "max_nodes" in result["unable"]["adjacency_mlp"]
    text = "\n\n".join(large_graph_tables(result))
    assert "| `gin` " in text
    assert "- `adjacency_mlp`: " in text


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("archflow.encoders.memory.main_memory", lambda: 10**9)
    found = run_speed_large_graphs((100, 5_000), ["transformer"], Ticking(0.5))["pairs"]["transformer"]
    assert found["refused"] == [5_000]
    assert found["gb"]["5000"] > 1
