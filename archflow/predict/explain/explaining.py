"""Explain one prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.effective import IDENTITIES, ZEROS
from archflow.graph.frames import is_frame
from archflow.graph.table import Table
from archflow.predict.explain.attributions import counterfactual, of_networks
from archflow.predict.explain.blocks import block_text, blocks_of
from archflow.predict.explain.changes import Changed, Difference, bypassed, degrees, possible_changes
from archflow.predict.explain.choices import Choices
from archflow.predict.explain.contract import Explainable, Space
from archflow.predict.explain.effects import Effects, effects_of
from archflow.predict.explain.explanation import Block, Change, Effect, Explanation
from archflow.predict.explain.neighbours import neighbouring_changes
from archflow.predict.explain.reach import beyond
from archflow.predict.explain.rows import Rows

MOST = 3000
"""The maximum number of changes that are predicted, unless the caller says otherwise."""

UNKNOWN = Effect(float("nan"), float("nan")), ""
"""The effect of removing a block that cannot be removed."""

IDLE = (*ZEROS, *IDENTITIES)
"""Operations that compute nothing, the most explicit one first."""


def explain(
    predictor: Explainable,
    architecture: Architecture | Table,
    *,
    table: Table | None = None,
    space: Space | None = None,
    metric: str | None = None,
    most: int = MOST,
) -> Explanation:
    """Explain what a predictor predicts of an architecture: see `archflow.predict.Predictor.explain`."""
    place = _place(predictor, metric)
    most = whole("explain: most", most, 1)
    row = _one_row(architecture)
    given, objective = row.architectures[0], predictor.objectives[place]
    relative = objective.positive
    reference = None if table is None else table.architectures
    choices = Choices(given, reference, predictor.vocabulary)
    differences, changed = neighbouring_changes(given, space) if space else possible_changes(given, choices)
    notes: list[str] = []
    differences, changed = _at_most(most, _known(predictor, (differences, changed), notes), notes)
    _note_reach(differences, changed, reference, notes)
    blocks = blocks_of(given)
    removable = [] if space else _removable(given, blocks)
    removed = [bypassed(given, blocks[number]) for number in removable]
    together = ArchitectureSet.concatenate(
        [changed, *([ArchitectureSet.from_architectures(removed, changed.vocabulary)] if removed else [])]
    )
    rows = Rows.of(row, together, table, predictor.metrics[place], relative, predictor.context_columns)
    effects = effects_of(predictor, rows, place, relative)
    _note_gaps(rows, effects, len(differences), notes)
    order = np.argsort(-objective.sign * effects.values[: len(differences)], kind="stable")
    unit = "%" if relative else ""
    attributions = {"counterfactual": counterfactual(given, differences, effects, unit, space is None)}
    attributions |= of_networks(predictor.networks(row, place), given, differences, notes)
    without = {number: (effects[len(differences) + i], "") for i, number in enumerate(removable)}
    if space:
        without = {number: _idle(nodes, differences, effects) for number, nodes in enumerate(blocks)}
    ordered = [differences[i] for i in order]
    return Explanation(
        predictor.metrics[place],
        objective.lower_is_better,
        unit,
        effects.prediction,
        effects.std,
        given.ops,
        given.edges,
        f"neighbours in {space.name}" if space else "any structurally valid graph",
        tuple(_change(differences[i], effects, rows, int(i)) for i in order),
        attributions,
        tuple(_block(given, nodes, ordered, *without.get(number, UNKNOWN)) for number, nodes in enumerate(blocks)),
        tuple(notes),
    )


def _place(predictor: Explainable, metric: str | None) -> int:
    known = list(predictor.metrics)
    if not known:
        raise ArchflowError("predictor: nothing to explain yet; call fit or load first")
    if metric is not None and metric not in known:
        raise ArchflowError(f"metric {metric!r}: the predictor has learnt {', '.join(known)}")
    return 0 if metric is None else known.index(metric)


def _one_row(architecture: Architecture | Table) -> Table:
    if isinstance(architecture, Architecture):
        return Table(ArchitectureSet.from_architectures([architecture]))
    if is_frame(architecture):
        architecture = Table.from_frame(architecture)
    if not isinstance(architecture, Table):
        raise ArchflowError(
            f"explain: {type(architecture).__name__} is not an architecture; give one, or a table of one row"
        )
    if len(architecture) != 1:
        raise ArchflowError(f"explain: the table has {len(architecture)} rows; select the one to explain")
    return architecture


def _known(predictor: Explainable, changed: Changed, notes: list[str]) -> Changed:
    """The changes whose operations the predictor knows."""
    differences, architectures = changed
    if predictor.vocabulary is None:
        return changed
    rows = np.flatnonzero(architectures.known_to(predictor.vocabulary))
    if len(rows) == len(differences):
        return changed
    notes.append(f"{len(differences) - len(rows):,} changes lead to operations that the predictor does not know")
    return [differences[row] for row in rows], architectures.select(rows)


def _at_most(most: int, changed: Changed, notes: list[str]) -> Changed:
    """Limit the number of changes: all removals are kept, and of the others an even selection."""
    differences, architectures = changed
    if len(differences) <= most:
        return changed
    # Attributions need the removals; of the others, an even selection shows as much.
    wanted = np.array([each.kind in ("node", "edge") for each in differences])
    first = np.flatnonzero(wanted)[:most]
    others = np.flatnonzero(~wanted)
    even = others[np.linspace(0, len(others) - 1, min(most - len(first), len(others))).astype(np.int64)]
    rows = np.sort(np.concatenate([first, even]))
    notes.append(f"{most:,} of {len(differences):,} changes are predicted, evenly over nodes")
    return [differences[row] for row in rows], architectures.select(rows)


def _note_reach(
    differences: Sequence[Difference], changed: ArchitectureSet, reference: ArchitectureSet | None, notes: list[str]
) -> None:
    """Warn of changes whose effects are extrapolated, as far as that is known."""
    if reference is None:
        if changed.attribute_names:
            notes.append("without a table of its kind it is not known which changes leave the range of what was learnt")
        return
    outside = beyond(changed, reference) if len(reference) else np.zeros(len(changed), bool)
    if outside.any():
        notes.append(
            f"{outside.sum():,} of {len(changed):,} changes leave the range of the table's rows, so that their effects "
            f"are extrapolated; the first is {differences[int(np.argmax(outside))].text}"
        )


def _note_gaps(rows: Rows, effects: Effects, count: int, notes: list[str]) -> None:
    missing = int((rows.base[:count] > 0).sum())
    if missing and effects.reads_columns:
        notes.append(
            f"{missing:,} of {count:,} changed architectures are not in the table: both sides of these comparisons are "
            "predicted without its columns"
        )


def _removable(architecture: Architecture, blocks: Sequence[tuple[int, ...]]) -> list[int]:
    """The blocks, by number, that can be taken out: no input or output is in them."""
    into, out = degrees(architecture)
    inner = (into > 0) & (out > 0)
    return [number for number, nodes in enumerate(blocks) if inner[list(nodes)].all()]


def _change(difference: Difference, effects: Effects, rows: Rows, place: int) -> Change:
    return Change(
        difference.kind,
        difference.nodes,
        difference.edge,
        difference.text,
        float(effects.predictions[place]),
        effects[place],
        float(rows.measured[place]),
    )


def _idle(nodes: tuple[int, ...], differences: Sequence[Difference], effects: Effects) -> tuple[Effect, str]:
    """The effect of replacing a single node's operation by one that computes nothing, and that operation.

    The effect is unknown if no such change is among the changes.
    """
    possible = {each.after: i for i, each in enumerate(differences) if each.kind == "operation" and each.nodes == nodes}
    idle = next((op for op in IDLE if op in possible), None)
    return UNKNOWN if idle is None else (effects[possible[idle]], idle)


def _block(
    architecture: Architecture,
    nodes: tuple[int, ...],
    ordered: Sequence[Difference],
    removed: Effect,
    instead: str,
) -> Block:
    """A block with the best of the ordered changes that affect only its nodes."""
    inside = set(nodes)
    concerned = (set(each.nodes) | set(each.edge or ()) for each in ordered)
    best = next((i for i, those in enumerate(concerned) if those and those <= inside), -1)
    return Block(nodes, block_text(architecture, nodes), removed, instead, best)
