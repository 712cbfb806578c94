"""TA-GATES against its equations, node by node."""

import numpy as np
import pytest
import torch
from torch import Tensor

from archflow.encoders import TAGATES
from archflow.encoders.gates import GatedPass
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import linear
from tests.encoders.test_gates import biases_moved, ids, reference_readout, reference_start


def made(architectures: ArchitectureSet, **options) -> TAGATES:
    with seeded(3):
        encoder = TAGATES(len(architectures.vocabulary), 16, 2, op_width=6, node_width=5, hidden=7, **options)
        biases_moved(encoder)
    return encoder.eval()


def reference_pass(
    flow: GatedPass, x: Tensor, operation: Tensor, heard: dict[int, list[int]], self_loops: bool
) -> Tensor:
    """y_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + b; nodes that hear nobody keep x_i W beside the gate."""
    for depth, layer in enumerate(flow.layers):
        message = linear(layer.message, torch.relu(x) if depth else x)  # type: ignore[arg-type]
        x = torch.zeros_like(message)
        for node, others in heard.items():
            told = sum((message[j] for j in others + [node] * self_loops), torch.zeros(x.shape[1]))
            gate = torch.sigmoid(linear(layer.gate, operation[node]))  # type: ignore[arg-type]
            x[node] = gate * told + layer.bias[0] + (0 if others else message[node])  # type: ignore[index]
    return x


def reference_rounds(encoder: TAGATES, architecture: Architecture, op: list[int]) -> list[Tensor]:
    forth: dict[int, list[int]] = {node: [] for node in range(len(op))}
    back: dict[int, list[int]] = {node: [] for node in range(len(op))}
    for source, target in architecture.edges:
        forth[target].append(source)
        back[source].append(target)
    operation, states = encoder.operations[0][op], []
    for _ in range(encoder.rounds):
        x = reference_start(encoder.start, architecture)
        y = reference_pass(encoder.flow, x, operation, forth, encoder.self_loops)
        states.append(y)
        if encoder.between is None:
            continue
        between = encoder.between
        z = torch.zeros_like(y)
        for node in range(len(op)):
            if not back[node]:
                z[node] = linear(between.turn, torch.relu(linear(between.turn_hidden, y[node])))
        b = reference_pass(between.flow, z, operation, back, encoder.self_loops)
        hidden = torch.relu(linear(between.update_hidden, torch.cat([operation.detach(), y.detach(), b], 1)))
        free = torch.tensor([[float(o not in encoder.fixed_ops)] for o in op])
        operation = operation + 0.1 * free * linear(between.update, hidden)
    return states


@pytest.mark.parametrize(
    "options",
    [{}, {"rounds": 1}, {"rounds": 4, "self_loops": False, "readout": "outputs", "fixed_ops": [0, 4]}],
    ids=["default", "one round", "as for operations on edges"],
)
def test_the_whole_encoder_is_its_equations(options):
    architectures = random_architectures(20, seed=1)
    encoder = made(architectures, **options)
    batch = Batch(architectures)
    rounds = [reference_rounds(encoder, a, ids(a, architectures)) for a in architectures]
    expected = torch.cat([states[-1] for states in rounds])
    torch.testing.assert_close(encoder(batch), expected, rtol=1e-5, atol=1e-5)
    whole = [
        torch.stack(
            [
                reference_readout(states[t], a, encoder.config["readout"])
                for states, a in zip(rounds, architectures, strict=True)
            ]
        )
        for t in range(encoder.rounds)
    ]
    after = encoder.after_rounds(batch)
    assert len(after) == encoder.rounds
    for found, each in zip(after, whole, strict=True):
        torch.testing.assert_close(found, each, rtol=1e-5, atol=1e-5)
    assert torch.equal(encoder.embed(batch), after[-1])
    # The gradient too: what is detached in the equations is here.
    weights = torch.linspace(-1, 1, expected.numel()).view_as(expected)
    found_gradients = torch.autograd.grad((encoder(batch) * weights).sum(), list(encoder.parameters()))
    gradients = torch.autograd.grad((expected * weights).sum(), list(encoder.parameters()))
    for ours, theirs in zip(found_gradients, gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_equal_operations_learn_different_things_in_different_places():
    chain = ArchitectureSet.from_architectures([Architecture(("a", "a", "a"), ((0, 1), (1, 2)))])
    encoder = made(chain)
    batch = Batch(chain)
    with torch.no_grad():
        forth, back = (encoder._flow_along(edges, batch) for edges in (batch.edges, batch.reversed_edges))
        operation = encoder._operations(batch)
        change = encoder.between(encoder.flow(encoder.start(batch), operation, forth), operation, back)  # type: ignore[misc]
    assert torch.cdist(change, change)[np.triu_indices(3, 1)].min() > 1e-3


def test_noise_parts_symmetric_nodes_in_training_only():
    twins = ArchitectureSet.from_architectures(
        [Architecture(("in", "a", "a", "out"), ((0, 1), (0, 2), (1, 3), (2, 3)))]
    )
    encoder, batch = made(twins, symmetry_noise=0.1), Batch(twins)
    with torch.no_grad():
        assert torch.equal(encoder(batch)[1], encoder(batch)[2])
        assert not torch.allclose(encoder.train()(batch)[1], encoder(batch)[2], atol=1e-4)
        with seeded(1):
            first = encoder.embed(batch)
        with seeded(1):
            assert torch.equal(encoder.embed(batch), first)
        assert not torch.equal(encoder.embed(batch), first)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"readout": "all"}, "unknown readout 'all'; choose one of mean, sum, log_sum, outputs, attention, nodes"),
        ({"rounds": 0}, "TAGATES: rounds must be a whole number of at least 1"),
        ({"fixed_ops": [5]}, r"fixed_ops \[5\] must be ids of the 5 operations"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ArchflowError, match=message):
        TAGATES(5, **options)
