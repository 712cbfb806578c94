import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph import Architecture
from archflow.graph.batch import Batch, Edges
from tests.strategies import sets


def naive_messages(architectures: list[Architecture], undirected: bool) -> list[tuple[int, int]]:
    """(receiver, sender) rows of a batch, one architecture after the other."""
    found, start = [], 0
    for architecture in architectures:
        for source, target in architecture.edges:
            found.append((start + target, start + source))
            if undirected:
                found.append((start + source, start + target))
        start += len(architecture.ops)
    return sorted(found)


def assert_consistent(edges: Edges, nodes: int, expected: list[tuple[int, int]]) -> None:
    target, source = edges.target.tolist(), edges.source.tolist()
    assert list(zip(target, source, strict=True)) == expected  # sorted by receiver, then sender
    assert [target[a:b] for a, b in zip(edges.ptr[:-1], edges.ptr[1:], strict=True)] == [
        [node] * target.count(node) for node in range(nodes)
    ]
    sent = edges.source[edges.by_source].tolist()
    assert sorted(edges.by_source.tolist()) == list(range(len(target)))
    assert [sent[a:b] for a, b in zip(edges.source_ptr[:-1], edges.source_ptr[1:], strict=True)] == [
        [node] * source.count(node) for node in range(nodes)
    ]


@given(sets(), st.data())
def test_a_batch_is_the_naive_collation_of_its_rows(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=6)))
    batch, chosen = Batch(some, rows), [some[row] for row in rows]
    ids = [some.vocabulary.index(op) for a in chosen for op in a.ops]
    sizes = [len(a.ops) for a in chosen]
    assert batch.op.tolist() == ids
    assert batch.sizes.tolist() == sizes
    assert batch.node_ptr.tolist() == [0, *np.cumsum(sizes).tolist()]
    assert batch.graph.tolist() == [i for i, size in enumerate(sizes) for _ in range(size)]
    assert batch.level.tolist() == some.select(rows).levels.tolist()
    assert batch.uniform_size == (sizes[0] if len(set(sizes)) == 1 else None)
    assert_consistent(batch.edges, len(ids), naive_messages(chosen, undirected=False))
    assert_consistent(batch.undirected, len(ids), naive_messages(chosen, undirected=True))
    backwards = sorted((source, target) for target, source in naive_messages(chosen, undirected=False))
    assert_consistent(batch.reversed_edges, len(ids), backwards)


@given(sets())
def test_sources_and_sinks_are_the_ends_of_every_architecture(some):
    batch = Batch(some)
    nodes = [(row, node) for row, a in enumerate(some) for node in range(len(a.ops))]
    for subset, end in ((batch.sources, 1), (batch.sinks, 0)):
        expected = [i for i, (row, n) in enumerate(nodes) if n not in {edge[end] for edge in some[row].edges}]
        assert subset.node.tolist() == expected
        values = torch.arange(1.0, len(nodes) + 1)[:, None]
        gathered = subset.gather(values)
        assert gathered[subset.padded.mask].tolist() == [[i + 1.0] for i in expected]
        assert torch.nonzero(subset.padded.mask)[:, 0].tolist() == [nodes[i][0] for i in expected]
        chosen = torch.zeros(len(nodes), 1)
        chosen[expected] = 1
        assert torch.equal(subset.scatter(gathered, len(nodes)), values * chosen)


@given(sets(), st.data())
def test_ends_of_cells_are_where_their_paths_end(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=4)))
    batch, chosen = Batch(some, rows), some.select(rows)
    assert batch.cell.tolist() == chosen.cells.tolist()
    assert batch.cell_counts.tolist() == chosen.cell_counts.tolist()
    expected, start = [], 0
    for architecture, count in zip(chosen, chosen.cell_counts, strict=True):
        sending, hearing = ({edge[end] for edge in architecture.edges} for end in (0, 1))
        for cell in range(count):
            expected.append([start + n for n in sorted(hearing - sending) if chosen.cells[start + n] == cell])
        start += len(architecture.ops)
    ends = batch.cell_ends
    assert ends.node.tolist() == [node for nodes in expected for node in nodes]
    gathered = ends.gather(torch.arange(start)[:, None])[..., 0] if expected else []
    assert [row[there].tolist() for row, there in zip(gathered, ends.padded.mask, strict=True)] == expected


@given(sets(), st.data())
def test_reachable_are_the_ends_of_paths(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=4)))
    batch = Batch(some, rows)
    for found, architecture in zip(batch.reachable, some.select(rows), strict=True):
        size = len(architecture.ops)
        paths = np.zeros((size, size), int)
        for edge in architecture.edges:
            paths[edge] = 1
        longer = sum(np.linalg.matrix_power(paths, length) for length in range(1, size + 1))
        assert (found[:size, :size].numpy() == (longer > 0)).all()
        assert not found[size:].any()
        assert not found[:, size:].any()
    assert torch.equal(batch.connected, batch.reachable | batch.reachable.transpose(1, 2))


@given(sets(), st.data())
def test_dense_edges_are_the_edges(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=4)))
    batch = Batch(some, rows)
    assert batch.dense_edges.shape == (len(rows), *[int(some.node_counts[rows].max())] * 2)
    for found, architecture in zip(batch.dense_edges, some.select(rows), strict=True):
        assert set(map(tuple, found.nonzero().tolist())) == set(architecture.edges)


@given(sets(), st.data())
def test_ranks_number_the_nodes_by_level(some, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=4)))
    batch = Batch(some, rows)
    sizes = batch.sizes.tolist()
    for rank, level in zip(batch.rank.split(sizes), batch.level.split(sizes), strict=True):
        order = sorted(range(len(rank)), key=lambda node: (level[node], node))
        assert rank.tolist() == [order.index(node) for node in range(len(rank))]


@given(sets())
def test_the_padded_view_holds_every_node_once_and_returns_it(some):
    batch = Batch(some)
    values = torch.arange(1.0, len(batch.op) + 1)[:, None].repeat(1, 2)
    padded = batch.padded.gather(values)
    assert padded.shape == (len(some), int(some.node_counts.max()), 2)
    assert batch.padded.mask.sum(1).tolist() == some.node_counts.tolist()
    for row, (a, b) in enumerate(zip(some.node_ptr[:-1], some.node_ptr[1:], strict=True)):
        assert torch.equal(padded[row, : b - a], values[a:b])
    assert torch.equal(batch.padded.scatter(padded), values)
    assert batch.padded.is_full == (len(set(some.node_counts.tolist())) == 1)


@given(sets(min_size=2), st.data())
def test_members_are_runs_of_the_rows(some, data):
    runs = data.draw(st.integers(1, 3))
    rows = np.array(data.draw(st.lists(st.integers(0, len(some) - 1), min_size=2 * runs, max_size=2 * runs)))
    batch = Batch(some, rows.reshape(runs, 2))
    assert (batch.members, len(batch)) == (runs, 2 * runs)
    assert torch.equal(batch.op, Batch(some, rows).op)
    sizes = some.node_counts[rows]
    assert batch.member.tolist() == np.repeat(np.repeat(np.arange(runs), 2), sizes).tolist()
    assert batch.member_nodes.mask.sum(1).tolist() == sizes.reshape(runs, 2).sum(1).tolist()


def test_rows_that_are_not_there_are_refused(architectures):
    for row in (-1, len(architectures)):
        with pytest.raises(IndexError):
            Batch(architectures, np.array([row]))


def test_a_batch_of_nothing_has_no_node(architectures):
    batch = Batch(architectures, np.array([], np.int64))
    assert len(batch) == len(batch.op) == len(batch.edges.source) == len(batch.padded.mask) == 0


@given(sets())
def test_isolated_nodes_have_no_edge(some):
    batch = Batch(some)
    linked = np.zeros(len(some.op), bool)
    for row, architecture in enumerate(some):
        linked[[some.node_ptr[row] + node for edge in architecture.edges for node in edge]] = True
    found = np.zeros_like(linked) if batch.isolated is None else batch.isolated.numpy()
    assert (found == ~linked).all()
    assert (batch.isolated is None) == linked.all()
