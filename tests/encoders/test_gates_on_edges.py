"""GATES and TA-GATES with operations on edges, against the formulas for vertices with operations between them."""

import pytest
import torch
from torch import Tensor

from archflow.encoders import GATES, TAGATES
from archflow.encoders.gates import GatedPass
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.spaces import NASBench201
from archflow.testing import check_encoder, random_architectures
from tests.encoders.plain_torch import linear
from tests.encoders.test_gates import biases_moved

SPACE = NASBench201()
NONE, SKIP, POOL = (SPACE.vocabulary.index(op) for op in ("none", "skip_connect", "avg_pool_3x3"))
VERTICES = 4
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Of a cell, in the order of its operations."""

ON_EDGES = {"operations_on": "edges", "readout": "outputs", "shut_ops": [NONE]}
SIZES = {"width": 8, "depth": 3, "op_width": 6, "node_width": 5, "hidden": 7}

CELLS = ArchitectureSet.from_architectures(
    [
        SPACE.parse(text)
        for text in (
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|avg_pool_3x3~1|skip_connect~2|",
            "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|",
            "|nor_conv_1x1~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|nor_conv_1x1~0|nor_conv_3x3~1|skip_connect~2|",
        )
    ],
    SPACE.vocabulary,
)


def reference_pass(
    flow: GatedPass, y: Tensor, operation: Tensor, ids: list[int], open_ops: list[int], *, back: bool = False
) -> tuple[Tensor, Tensor]:
    """y_v = sum_u g_uv (y_u W), and y_v W where the flow begins; ReLU between layers. operation: (6, o) of the edges.

    Returns (4, d) states of the vertices and (6, d) the messages of the last layer.
    """
    messages = torch.zeros(0)
    for depth, layer in enumerate(flow.layers):
        told = linear(layer.message, torch.relu(y) if depth else y)  # type: ignore[arg-type]
        sums, sent = [torch.zeros_like(told[0]) for _ in range(VERTICES)], []
        for (begin, end), op, o in zip(EDGES, ids, operation, strict=True):
            u, v = (end, begin) if back else (begin, end)
            gate = torch.sigmoid(linear(layer.gate, o))  # type: ignore[arg-type]
            sent.append(told[u] * (1 if op in open_ops else 0 if op == NONE else gate))
            sums[v] = sums[v] + sent[-1]
        first = VERTICES - 1 if back else 0
        sums[first] = sums[first] + told[first]
        y, messages = torch.stack(sums), torch.stack(sent)
    return y, messages


def reference(encoder: GATES | TAGATES, cell: Architecture) -> Tensor:
    """(d,) the state of the last vertex."""
    ids = [SPACE.vocabulary.index(op) for op in cell.ops[1:-1]]
    operation, start = encoder.operations[0][ids], linear(encoder.start.map, encoder.start.nodes[0])[[0, 1, 1, 1]]
    assert isinstance(encoder.flow, GatedPass)
    y, messages = reference_pass(encoder.flow, start, operation, ids, encoder.open_ops)
    for _ in range(encoder.rounds - 1 if isinstance(encoder, TAGATES) else 0):
        between = encoder.between  # type: ignore[union-attr]
        turned = linear(between.turn, torch.relu(linear(between.turn_hidden, y[-1])))
        z = torch.cat([torch.zeros(VERTICES - 1, len(turned)), turned[None]])
        _, back = reference_pass(between.flow, z, operation, ids, encoder.open_ops, back=True)
        known = torch.cat([operation.detach(), messages.detach(), back], 1)
        free = torch.tensor([[float(op not in encoder.fixed_ops)] for op in ids])  # type: ignore[union-attr]
        operation = operation + 0.1 * free * linear(between.update, torch.relu(linear(between.update_hidden, known)))
        y, messages = reference_pass(encoder.flow, start, operation, ids, encoder.open_ops)
    return y[-1]


def made(kind: type[GATES] | type[TAGATES], n_ops: int = len(SPACE.vocabulary), **options) -> GATES | TAGATES:
    if kind is TAGATES:
        options = {"self_loops": False, **options}
    with seeded(3):
        encoder = kind(n_ops, **SIZES, **ON_EDGES, **options)
        biases_moved(encoder)
        torch.nn.init.normal_(encoder.start.nodes)
    return encoder.eval()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (GATES, {}),
        (GATES, {"open_ops": [SKIP]}),
        (TAGATES, {"open_ops": [SKIP], "fixed_ops": [NONE, SKIP, POOL]}),
        (TAGATES, {"rounds": 1}),
    ],
)
def test_the_embedding_is_the_state_of_the_last_vertex(kind, options):
    encoder = made(kind, **options)
    found, expected = encoder.embed(Batch(CELLS)), torch.stack([reference(encoder, cell) for cell in CELLS])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert torch.cdist(expected, expected)[[0, 0, 1], [1, 2, 2]].min() > 1e-2
    weights = torch.linspace(-1, 1, expected.numel()).view_as(expected)
    gradients = [
        torch.autograd.grad((value * weights).sum(), list(encoder.parameters()), allow_unused=True)
        for value in (found, expected)
    ]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_shut_operation_sends_nothing():
    """Nothing arrives at the output of a cell whose last three operations are `none`."""
    texts = (f"|{op}~0|+|{op}~0|{op}~1|+|none~0|none~1|none~2|" for op in ("nor_conv_3x3", "avg_pool_3x3"))
    cells = ArchitectureSet.from_architectures([SPACE.parse(text) for text in texts], SPACE.vocabulary)
    with torch.no_grad():
        assert not made(GATES).embed(Batch(cells)).any()


def test_after_every_round_there_is_an_embedding():
    encoder, batch = made(TAGATES, rounds=3), Batch(CELLS)
    with torch.no_grad():
        after = encoder.after_rounds(batch)  # type: ignore[union-attr]
        assert len(after) == 3
        torch.testing.assert_close(after[-1], encoder.embed(batch), rtol=0, atol=0)
        assert (after[1] - after[0]).abs().max() > 1e-4


@pytest.mark.parametrize("kind", [GATES, TAGATES])
def test_the_contract_holds(kind):
    architectures = random_architectures(40, seed=7)
    check_encoder(made(kind, len(architectures.vocabulary), open_ops=[3]), architectures)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operations_on": "arcs"}, "unknown operations_on 'arcs'; choose one of nodes, edges"),
        ({"operations_on": "edges"}, "operations on edges have no mean over nodes; use readout='outputs'"),
        ({"open_ops": [1]}, "open_ops and shut_ops are for operations_on='edges'"),
        ({**ON_EDGES, "open_ops": [5]}, r"open_ops and shut_ops \[5, 2\] must be different ids of the 5 operations"),
        ({**ON_EDGES, "open_ops": [2]}, r"open_ops and shut_ops \[2, 2\] must be different ids of the 5 operations"),
    ],
)
@pytest.mark.parametrize("kind", [GATES, TAGATES])
def test_settings_that_do_not_go_together_are_refused(kind, options, message):
    with pytest.raises(ArchflowError, match=message):
        kind(5, **options)


def test_an_edge_has_no_loop():
    with pytest.raises(ArchflowError, match="ta_gates: operations on edges have no self_loops; take self_loops=False"):
        TAGATES(7, **ON_EDGES)
