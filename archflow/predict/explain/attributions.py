"""Attributions by every method that a predictor supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.predict.explain.changes import Difference
from archflow.predict.explain.contract import Networks
from archflow.predict.explain.critical import critical_scores
from archflow.predict.explain.effects import Effects
from archflow.predict.explain.explanation import Attribution
from archflow.predict.explain.gradients import integrated_gradients


def counterfactual(
    architecture: Architecture, differences: Sequence[Difference], effects: Effects, unit: str, removed: bool
) -> Attribution:
    """The decrease of the prediction without a node or edge, or with another operation on average."""
    of_nodes: dict[int, list[int]] = {}
    of_edges: dict[tuple[int, int], list[int]] = {}
    for place, each in enumerate(differences):
        if each.gone >= 0 if removed else each.kind == "operation":
            of_nodes.setdefault(each.nodes[0], []).append(place)
        if each.edge is not None:
            of_edges.setdefault(each.edge, []).append(place)
    without = "the node is removed" if removed else "the node has another operation, on average over those it can have"
    return Attribution(
        "counterfactual",
        f"how much lower the prediction is if {without}, or the edge is {'removed' if removed else 'moved or removed'}",
        unit,
        True,
        tuple(-effects.mean(np.array(of_nodes.get(node, ()), np.int64)) for node in range(len(architecture.ops))),
        tuple(-effects.mean(np.array(of_edges.get(edge, ()), np.int64)) for edge in architecture.edges),
    )


def of_networks(
    found: Networks, architecture: Architecture, differences: Sequence[Difference], notes: list[str]
) -> Mapping[str, Attribution]:
    """Attributions that are derived from the networks in the predictor, if there are any."""
    if not found.networks:
        return {}
    attributions = {}
    nowhere = (float("nan"),) * len(architecture.edges)
    baseline = [{op} for op in architecture.ops]
    for each in differences:
        if each.kind == "operation":
            baseline[each.nodes[0]].add(each.after)
    try:
        gradients = integrated_gradients(found.networks, architecture, [sorted(each) for each in baseline])
    except ArchflowError as error:
        notes.append(f"no integrated gradients: {error}")
    else:
        attributions["integrated_gradients"] = Attribution(
            "integrated_gradients",
            "what each node adds to the score of the networks, from a baseline in which a node has equal parts of all "
            "operations that it can have, and mean attributes",
            found.unit,
            True,
            tuple(gradients.nodes.tolist()),
            nowhere,
            gradients.difference - float(np.nansum(gradients.nodes)),
        )
    critical = critical_scores(found.networks, architecture)
    if critical is not None:
        about = "how critical CARL's networks find a node, or an edge, among those of the architecture"
        nodes, edges = (tuple(each.tolist()) for each in critical)
        attributions["critical"] = Attribution("critical", about, "", False, nodes, edges)
    return attributions
