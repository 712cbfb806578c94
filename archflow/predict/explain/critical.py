"""The causal scores of CARL: which nodes and edges its networks rely on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.encoders.carl import CARL
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.explain.contract import Network
from archflow.predict.explain.gradients import seen_nodes

Values = NDArray[np.float64]


@torch.no_grad()
def critical_scores(networks: Sequence[Network], architecture: Architecture) -> tuple[Values, Values] | None:
    """Average the scores of all networks whose encoder is CARL.

    Returns:
        (V,) scores of the nodes and (E,) of the edges, from 0 to 1, NaN where no encoder sees a node or edge; None if
        no encoder is CARL.
    """
    given = ArchitectureSet.from_architectures([architecture])
    place = {edge: row for row, edge in enumerate(architecture.edges)}
    nodes: list[Values] = []
    edges: list[Values] = []
    for network in networks:
        encoder = network.model.encoder
        if not isinstance(encoder, CARL):
            continue
        kept = np.array(seen_nodes(network, given))
        batch = Batch(network.embedder.prepare(given), device=next(encoder.parameters()).device)
        of_nodes, of_edges = (each.double().cpu().numpy() for each in encoder.eval().importance(batch))
        nodes.append(np.full(len(architecture.ops), np.nan))
        edges.append(np.full(len(architecture.edges), np.nan))
        nodes[-1][kept] = of_nodes
        ends = zip(kept[batch.edges.source.cpu().numpy()], kept[batch.edges.target.cpu().numpy()], strict=True)
        for (source, target), value in zip(ends, of_edges, strict=True):
            if (int(source), int(target)) in place:  # a view can join nodes that no edge joins
                edges[-1][place[int(source), int(target)]] = value
    return (_mean(nodes), _mean(edges)) if nodes else None


def _mean(values: Sequence[Values]) -> Values:
    """(K, n) -> (n,) the mean of what is there."""
    stacked = np.stack(values)
    there = ~np.isnan(stacked)
    return np.where(there.any(0), np.where(there, stacked, 0).sum(0) / np.maximum(there.sum(0), 1), np.nan)
