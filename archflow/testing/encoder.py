"""The contract of an encoder."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np
import torch

from archflow.encoders import ENCODERS, Encoder, stack
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import member_streams, seeded
from archflow.testing.comparison import TOLERANCE, close, embed, same, same_shape, sent
from archflow.testing.graphs import relabelled


def check_encoder(encoder: Encoder, architectures: ArchitectureSet) -> None:
    """Check an encoder against its contract. Raises AssertionError with the violated clause.

    Args:
        encoder: If it takes `n_attributes`, it is also checked with node attributes.
        architectures: Several different architectures over the encoder's vocabulary. Their attributes, if any, are
            those that this encoder reads.
    """
    for name in ("n_ops", "width", "dim"):
        assert isinstance(getattr(encoder, name, None), int), f"an encoder states its {name}, a whole number"
    encoder = settled(encoder, architectures)
    assert encoder.n_ops == len(architectures.vocabulary), "n_ops is not the size of the vocabulary"
    with torch.no_grad():
        nodes, whole = encoder(Batch(architectures)), encoder.embed(Batch(architectures))
        same_shape(nodes, (len(architectures.op), encoder.dim), "forward gives one row per node: (V, dim)")
        same_shape(whole, (len(architectures), encoder.dim), "embed gives one row per architecture: (B, dim)")
        assert torch.isfinite(nodes).all(), "a node embedding is not finite"
        same(encoder.embed(Batch(architectures)), whole, "in evaluation the same batch gives the same embedding")
        if not type(encoder).reads_positions:
            renumbered, rows = relabelled(architectures, seed=0)
            close(encoder(Batch(renumbered)), nodes[rows], "renumbering nodes renumbers node embeddings only")
            close(encoder.embed(Batch(renumbered)), whole, "renumbering nodes changes no architecture's embedding")
        backwards = np.arange(len(architectures))[::-1]
        close(encoder.embed(Batch(architectures, backwards)).flip(0), whole, "the order of a batch does not matter")
        alone = [encoder.embed(Batch(architectures, np.array([row]))) for row in range(len(architectures))]
        close(torch.cat(alone), whole, "the other architectures of a batch do not matter")
    _check_gradients(encoder, architectures)
    again = type(encoder)(**encoder.config)
    assert again.config == encoder.config, "type(encoder)(**config) is not the same encoder: its config differs"
    again.load_state_dict(encoder.state_dict())
    same(embed(again.eval(), architectures), whole, "the same config and weights give the same embedding")
    for how, other in sent(encoder):
        same(embed(other, architectures), whole, f"an encoder that is {how} gives the same embedding")
    if type(encoder).stackable:
        _check_members(encoder, architectures)
    if encoder.config.get("n_attributes") == 0:
        _check_attributes(encoder, architectures)
    if ENCODERS.name_of(type(encoder)) is not None:
        with tempfile.TemporaryDirectory() as folder:
            Embedder(encoder, Preparation.of(architectures)).save(Path(folder, "encoder"))
            loaded = Embedder.load(Path(folder, "encoder"))
        assert loaded.vocabulary == architectures.vocabulary, "a saved encoder comes back with another vocabulary"
        same(embed(loaded.encoder, architectures), whole, "a saved and loaded encoder gives the same embedding")


def settled(encoder: Encoder, architectures: ArchitectureSet) -> Encoder:
    """A copy in evaluation mode whose running statistics, if it has any, are those of these architectures.

    Initial statistics do not match any data: activations may double from layer to layer, and so may rounding errors.
    """
    encoder = copy.deepcopy(encoder).train()
    averages = [(each, each.momentum) for each in encoder.modules() if hasattr(each, "momentum")]
    if averages:
        for each, _ in averages:  # one pass is enough if the statistics are those of the last batch alone
            setattr(each, "momentum", 1.0)  # noqa: B010
        with torch.no_grad(), seeded(0):
            encoder(Batch(architectures))
        for each, momentum in averages:
            setattr(each, "momentum", momentum)  # noqa: B010
    return encoder.eval()


def _check_gradients(encoder: Encoder, architectures: ArchitectureSet) -> None:
    embedding = encoder.embed(Batch(architectures))
    weights = torch.randn(embedding.shape, generator=torch.Generator().manual_seed(0))
    (embedding * weights).sum().backward()
    for name, parameter in encoder.named_parameters():
        reached = parameter.grad is not None and bool(parameter.grad.any())
        assert reached, f"no gradient reaches parameter {name!r}"
    encoder.zero_grad()


def _check_members(encoder: Encoder, architectures: ArchitectureSet) -> None:
    with seeded(1):
        members = [encoder, settled(type(encoder)(**encoder.config), architectures)]
    rows = np.arange(len(architectures) // 2 * 2).reshape(2, -1)
    with torch.no_grad():
        together = stack(members).embed(Batch(architectures, rows))
        alone = [member.embed(Batch(architectures, run)) for member, run in zip(members, rows, strict=True)]
    close(together, torch.cat(alone), "stacked members give what each gives alone")
    # Members of small and of large architectures, so that one is padded to the size of the other.
    rows = np.argsort(architectures.node_counts, kind="stable")[: rows.size].reshape(2, -1)
    with torch.no_grad():
        with member_streams([(3,), (4,)]):
            together = stack(members).train().embed(Batch(architectures, rows))
        alone = []
        for key, member, run in zip((3, 4), members, rows, strict=True):
            with member_streams([(key,)]):
                alone.append(copy.deepcopy(member).train().embed(Batch(architectures, run)))
    close(together, torch.cat(alone), "a member's random draws do not depend on the other members")


def _check_attributes(encoder: Encoder, architectures: ArchitectureSet, n_attributes: int = 3) -> None:
    """Check the contract of the same encoder with node attributes, including NaN."""
    generator = np.random.default_rng(0)
    shape = (len(architectures.op), n_attributes)
    names = [f"attribute{i}" for i in range(n_attributes)]
    values = np.where(generator.random(shape) < 0.3, np.nan, generator.normal(size=shape)).astype(np.float32)
    described = architectures.with_attributes(values, names)
    with seeded(2):
        reader = type(encoder)(**{**encoder.config, "n_attributes": n_attributes})
    check_encoder(reader, described)
    reader = settled(reader, described)
    whole = embed(reader, described)
    moved = np.where(np.arange(n_attributes) == 0, values + 1, values)
    changes = {
        "an attribute's value changes the embedding": moved,
        "a missing attribute differs from one of 0": np.nan_to_num(values),
    }
    for clause, other in changes.items():
        changed = embed(reader, described.with_attributes(other, names))
        assert not torch.allclose(changed, whole, TOLERANCE, TOLERANCE), f"broken: {clause}"
    try:
        embed(reader, described.with_attributes(values[:, 1:], names[1:]))
    except ArchflowError:
        return
    raise AssertionError("broken: architectures with another number of attributes are refused by an ArchflowError")
