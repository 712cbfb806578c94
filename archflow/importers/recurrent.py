"""Recurrent layers: one step for each layer, whatever a library calls one operation."""

from __future__ import annotations

from collections.abc import Sequence

from archflow.importers.steps import Steps


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
