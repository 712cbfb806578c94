"""Recurrent layers: one step for each, however many a library calls one operation, and whichever axis comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Steps

RECURRENT = ("lstm", "gru", "rnn")
_MOVES = ("reshape", "transpose")


def put_recurrent(
    steps: Steps,
    op: str,
    sequence: int,
    weights: Sequence[int],
    states: Sequence[int],
    size: tuple[int, int],
    itemsize: int = 4,
) -> int:
    """Write down recurrent layers on top of each other, each in one or both directions; the number of the last.

    Args:
        steps: Where to.
        op: `lstm`, `gru` or `rnn`.
        sequence: The step that gives the sequence, (B, T, in) or (T, B, in).
        weights: Learned arrays, by layer and direction, as many for each.
        states: What gives the first states.
        size: Layers and directions.
        itemsize: Bytes of one number.
    """
    layers, directions = size
    of_each = len(weights) // max(1, layers)
    for layer in range(layers):
        own = weights[layer * of_each : (layer + 1) * of_each]
        shape, width = steps[sequence].shape, None
        recurrent = [each for each in (steps[weight].shape for weight in own) if each is not None and len(each) == 2]
        if shape is not None and len(recurrent) > 1:
            # The weight of the state is (gates * width, width), also where a projection makes it narrower.
            width = recurrent[1][1] * directions
        result = None if shape is None or width is None else (*shape[:-1], width)
        numbers = {} if width is None else {"channels_out": float(width)}
        sequence = steps.apply(op, [sequence, *own, *states], result, itemsize, numbers)
    return sequence


def absorb_moves(model: Rewriting) -> None:
    """Let the reshapes and transposes directly before and behind a recurrent layer be its own.

    They are there for one library's order of axes and not for another's.
    """
    uses = model.uses()
    for number, step in enumerate(model.steps):
        if step.op in RECURRENT and step.inputs:
            sequence = model.inputs(number)[0]
            while model.steps[sequence].op == "transpose":
                sequence = model.inputs(sequence)[0]
            model.steps[number] = replace(step, inputs=(sequence, *step.inputs[1:]))
        elif step.op in _MOVES and uses[number]:
            (before,) = model.inputs(number)[:1] or (number,)
            if model.steps[before].op in RECURRENT and uses[before] == 1:
                model.steps[before] = replace(model.steps[before], shape=step.shape)
                model.stands_for[number] = before
                uses[before] = uses[number]
