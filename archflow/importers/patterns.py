"""Operations that exporters write out as several: found in the steps, and put together again.

A pattern is what an operation takes: another pattern, or a name for any step. Constants are no part of it: once they
are folded, `gelu` written out is `mul(mul(x, add(erf(div(x)))))`.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from archflow.importers import attention
from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Step

Pattern = str | tuple
Found = dict[str, int]


def put_together(model: Rewriting) -> None:
    """Replace every occurrence of the patterns, in their order."""
    present = {step.op for step in model.steps}
    for op, written_out in _WRITTEN_OUT:
        for pattern in written_out:
            if _names(pattern) <= present:
                _replace_all(model, op, pattern)
                present.add(op)
    _linear(model)
    _scaled_norms(model)
    attention.put_together(model)


def _replace_all(model: Rewriting, op: str, pattern: tuple) -> None:
    uses = model.uses()
    for number, step in enumerate(model.steps):
        if step.op != pattern[0] or not uses[number]:
            continue
        found: Found = {}
        inner: list[int] = []
        if _matches(model, number, pattern, found, inner) and _is_closed(number, inner, uses):
            _put(model, number, op, found, inner)


def _is_closed(number: int, inner: list[int], uses: list[int]) -> bool:
    """Whether nothing outside a pattern takes the results of the steps that it covers, but for its last."""
    times = Counter(inner)
    return all(uses[each] <= times[each] for each in inner if each != number)


def _matches(model: Rewriting, number: int, pattern: Pattern, found: Found, inner: list[int]) -> bool:
    """Whether a pattern ends at a step. It adds the steps that names stand for, and those that it covers."""
    if isinstance(pattern, str):
        return found.setdefault(pattern, number) == number
    step, inputs = model.steps[number], model.inputs(number)
    if step.op != pattern[0] or len(inputs) != len(pattern) - 1:
        return False
    for order in itertools.permutations(pattern[1:]) if step.op in ("add", "mul") else [pattern[1:]]:
        named, covered = dict(found), [*inner, number]
        if all(_matches(model, each, part, named, covered) for each, part in zip(inputs, order, strict=True)):
            found.update(named)
            inner[:] = covered
            return True
    return False


def _put(model: Rewriting, number: int, op: str, found: Found, inner: list[int]) -> None:
    """Put an operation in the place of the steps that a pattern covers."""
    covered = [model.steps[each] for each in inner]
    weights = {name: size for step in covered for name, size in step.weights.items()}
    last = model.steps[number]
    inputs = tuple(found.values())
    model.steps[number] = Step(op, inputs, last.shape, last.itemsize, {"macs": 0.0}, weights, module=last.module)


def _linear(model: Rewriting) -> None:
    """A product with a known matrix is `linear`, and the sum with a known vector behind it is its bias."""
    for number, step in enumerate(model.steps):
        if step.op == "matmul" and len(step.inputs) == 1 and _rank(step) == 2:
            width = model.steps[model.inputs(number)[0]].shape
            ends = {"channels_in": width[-1] if width else None, "channels_out": step.shape[-1] if step.shape else None}
            numbers = {**step.numbers, **{name: float(size) for name, size in ends.items() if size}}
            model.steps[number] = replace(step, op="linear", numbers=numbers)

    def is_bias(before: Step, step: Step) -> bool:
        return before.op == "linear" and len(before.constants) == 1 and _is_vector_of(before, step)

    _join(model, "add", is_bias)


def _scaled_norms(model: Rewriting) -> None:
    """A factor, and then a summand, for every channel behind a normalisation that has none are its own."""

    def is_scale(before: Step, step: Step) -> bool:
        return before.op in ("rms_norm", "layer_norm") and not before.weights and _is_vector_of(before, step)

    def is_shift(before: Step, step: Step) -> bool:
        return before.op == "layer_norm" and len(before.weights) == 1 and _is_vector_of(before, step)

    _join(model, "mul", is_scale)
    _join(model, "add", is_shift)


def _join(model: Rewriting, op: str, belongs: Callable[[Step, Step], bool]) -> None:
    """Let the step before an `op` with a constant do that too, where it belongs to it and nothing else takes it."""
    uses = model.uses()
    for number, step in enumerate(model.steps):
        inputs = model.inputs(number)
        if step.op != op or len(inputs) != 1 or not uses[number]:
            continue
        before = model.steps[inputs[0]]
        if uses[inputs[0]] == 1 and belongs(before, step):
            weights, constants = {**before.weights, **step.weights}, (*before.constants, *step.constants)
            model.steps[number] = replace(before, shape=step.shape, weights=weights, constants=constants)


def _rank(step: Step) -> int | None:
    """Axes of the one constant that a step takes; None if there are others or its shape is not known."""
    shape = step.constants[0] if len(step.constants) == 1 else None
    return None if shape is None else len(shape)


def _is_vector_of(before: Step, step: Step) -> bool:
    """Whether the constant of a step has a number for each channel of the result before it."""
    shape = step.constants[0] if len(step.constants) == 1 else None
    return bool(shape and before.shape and shape[-1] == math.prod(shape) == before.shape[-1])


def _names(pattern: Pattern) -> set[str]:
    """The operations of a pattern."""
    if isinstance(pattern, str):
        return set()
    return {pattern[0]}.union(*map(_names, pattern[1:]))


_ROOT_MEAN_SQUARE = [("add", ("mean", square)) for square in (("pow", "x"), ("square", "x"), ("mul", "x", "x"))]

_CENTRED = ("sub", "x", ("mean", "x"))
_DEVIATION = [("sqrt", ("add", ("mean", square))) for square in (("pow", _CENTRED), ("mul", _CENTRED, _CENTRED))]

_WRITTEN_OUT: list[tuple[str, list[tuple]]] = [
    (
        "gelu",
        [
            *(("mul", ("mul", "x", ("add", ("erf", (scale, "x"))))) for scale in ("div", "mul")),
            *(("mul", ("mul", "x"), ("add", ("erf", (scale, "x")))) for scale in ("div", "mul")),
            *(("mul", "x", ("mul", ("add", ("erf", (scale, "x"))))) for scale in ("div", "mul")),
            *(
                ("mul", ("mul", "x"), ("add", ("tanh", ("mul", ("add", "x", ("mul", cube))))))
                for cube in (("pow", "x"), ("mul", ("mul", "x", "x"), "x"))
            ),
        ],
    ),
    ("silu", [("mul", "x", ("sigmoid", "x"))]),
    (
        "hard_swish",
        [
            ("mul", "x", ("hard_sigmoid", "x")),
            ("div", ("mul", "x", ("relu6", ("add", "x")))),
            ("mul", "x", ("div", ("relu6", ("add", "x")))),
        ],
    ),
    ("hard_sigmoid", [("div", ("relu6", ("add", "x")))]),
    (
        "softplus",
        [("where", ("gt", "x"), "x", ("softplus", "x")), ("where", ("gt", ("mul", "x")), "x", ("softplus", "x"))],
    ),
    ("mish", [("mul", "x", ("tanh", ("softplus", "x")))]),
    ("layer_norm", [("div", _CENTRED, deviation) for deviation in _DEVIATION]),
    (
        "rms_norm",
        [
            pattern
            for mean in _ROOT_MEAN_SQUARE
            for pattern in (
                ("mul", "x", ("rsqrt", mean)),
                ("mul", "x", ("reciprocal", ("sqrt", mean))),
                ("mul", "x", ("mul", ("reciprocal", ("sqrt", mean)))),
                ("mul", "x", ("div", ("sqrt", mean))),
                ("div", "x", ("sqrt", mean)),
            )
        ],
    ),
]
"""Operations, and the ways in which they are written out."""
