"""The normal form of an imported model: what every importer makes of its steps, so that one network is one graph.

What no input decides is computed ahead, and its learned numbers count where they are used; what changes nothing
(dropout, copies, a reshape to the same shape) goes; operations that exporters write out are put together again
(`archflow.importers.patterns`); what no output needs goes. Where no input decides an output, `constant`
stands for what gives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archflow.errors import ArchflowError
from archflow.importers import patterns
from archflow.importers.recurrent import absorb_moves
from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Step, Steps

IDENTITY = "identity"
"""What importers call an operation that hands on its first input: dropout, a copy, a cast to the same type."""

_MOST_COMBINED = 4_000_000
"""Learned arrays of all steps together, each as often as steps hold it."""

_MAY_CHANGE_NOTHING = frozenset(("reshape", "expand", "slice", "pad", "tile", "repeat", "concat", "split"))
"""Moves of one operand that do nothing if the shape stays."""


def normal_form(steps: Steps, outputs: Iterable[int]) -> list[Step]:
    """The steps that are left, inputs first, with an `output` for each of the outputs (steps, by number).

    Raises:
        ArchflowError: If there is no output.
    """
    model = Rewriting(steps, outputs)
    if not model.outputs:
        raise ArchflowError("it has no output; there is nothing to import")
    _fold_constants(model)
    _drop_identities(model)
    patterns.put_together(model)
    absorb_moves(model)
    return model.finished()


def _fold_constants(model: Rewriting) -> None:
    """Leave steps only the operands that depend on an input. Learned arrays among the others become their own."""
    alive: list[bool] = []
    combined = 0
    for number, step in enumerate(model.steps):
        alive.append(step.op == "input" or any(alive[each] for each in step.inputs))
        held = [model.steps[each] for each in step.inputs if not alive[each]]
        weights = dict(step.weights)
        for each in held:
            weights.update(each.weights)
        combined += len(weights)
        if combined > _MOST_COMBINED:
            raise ArchflowError("its learned arrays are combined with each other more often than those of any model")
        inputs = tuple(each for each in step.inputs if alive[each])
        constants = (*step.constants, *(each.shape for each in held))
        model.steps[number] = replace(step, inputs=inputs, weights=weights, constants=constants)
    decided = [each for each in model.outputs if alive[each]]
    if not decided:  # nothing is left but what the outputs are
        for number in model.outputs:
            model.steps[number] = replace(model.steps[number], op="constant", inputs=(), numbers={})
    model.outputs = decided or model.outputs


def _drop_identities(model: Rewriting) -> None:
    """Replace steps that return their input by that input, and two reshapes in a row by the second."""
    for number, step in enumerate(model.steps):
        inputs = model.inputs(number)
        if len(inputs) != 1:
            continue
        before = model.steps[inputs[0]]
        stays = step.shape is not None and step.shape == before.shape and not step.weights
        if step.op == IDENTITY or (stays and step.op in _MAY_CHANGE_NOTHING):
            model.stands_for[number] = inputs[0]
        elif step.op == "reshape" and before.op == "reshape":
            model.steps[number] = replace(step, inputs=before.inputs)
            again = model.inputs(number)[0]
            if step.shape is not None and model.steps[again].shape == step.shape:
                model.stands_for[number] = again
