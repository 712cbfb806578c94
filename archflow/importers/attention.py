"""Attention that is written out: softmax(q k^T) v, with factors on any of its parts and masks."""

from __future__ import annotations

from dataclasses import replace

from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Step

_MASKS = ("add", "masked_fill", "where", "sub")
_FACTORS = ("mul", "div")
_DEEPEST = 16
"""Factors and masks between a product and its softmax."""


def put_together(model: Rewriting) -> None:
    """Make one step of every attention that is written out. The transposes and factors of its operands are its own."""
    uses = model.uses()
    for number, step in enumerate(model.steps):
        if step.op == "matmul" and len(step.inputs) == 2 and uses[number]:
            guarded, value = model.inputs(number)
            weights = _past_guards(model, guarded)
            if model.steps[weights].op == "softmax" and uses[weights] == (1 if weights == guarded else 2):
                found = _product(model, model.inputs(weights)[0], uses)
                if found is not None:
                    model.steps[number] = _attention(model, number, *found, value)
    for number, step in enumerate(model.steps):
        if step.op == "attention":
            own = [_operand(model, each) for each in model.inputs(number)[:3]]
            model.steps[number] = replace(step, inputs=(*own, *model.inputs(number)[3:]))


def _attention(model: Rewriting, number: int, product: int, masks: list[int], value: int) -> Step:
    """The attention whose scores are the product of two steps and whose result is that of another."""
    step, scores = model.steps[number], model.steps[product]
    numbers = {"macs": step.numbers.get("macs", float("nan")) + scores.numbers.get("macs", float("nan"))}
    query, key = model.inputs(product)
    shape = scores.shape
    if shape is not None and len(shape) > 3:
        numbers["heads"] = float(shape[-3])
    inputs = (query, key, value, *masks)
    return Step("attention", inputs, step.shape, step.itemsize, numbers, step.weights, module=step.module)


def _past_guards(model: Rewriting, number: int) -> int:
    """The softmax behind `where(isnan(w), 0, w)`, which exporters put around it for rows that are masked as a whole."""
    step, inputs = model.steps[number], model.inputs(number)
    if step.op == "where" and len(inputs) == 2 and model.steps[inputs[0]].op == "isnan":
        return inputs[1]
    return number


def _product(model: Rewriting, number: int, uses: list[int]) -> tuple[int, list[int]] | None:
    """The product of query and key behind factors and masks, and the masks that an input decides."""
    masks: list[int] = []
    for _ in range(_DEEPEST):
        if uses[number] != 1:
            break
        step, inputs = model.steps[number], model.inputs(number)
        if step.op == "matmul" and len(inputs) == 2:
            return number, masks
        if step.op in (*_FACTORS, *_MASKS, "cast") and len(inputs) == 1:
            number = inputs[0]
        elif step.op in _MASKS and len(inputs) == 2:
            # The scores are the operand that has the shape of the sum and is computed from a product.
            scores = [each for each in inputs if _is_product(model, each)]
            if len(scores) != 1:
                return None
            masks.extend(each for each in inputs if each != scores[0])
            number = scores[0]
        else:
            return None
    return None


def _is_product(model: Rewriting, number: int) -> bool:
    """Whether a step is a product, behind factors and masks."""
    step = model.steps[number]
    for _ in range(_DEEPEST):
        if step.op in (*_FACTORS, *_MASKS, "cast") and step.inputs:
            step = model.steps[model.resolved(step.inputs[0])]
    return step.op == "matmul"


def _operand(model: Rewriting, number: int) -> int:
    """A query, key or value before factors and transposes."""
    while True:
        step, inputs = model.steps[number], model.inputs(number)
        if len(inputs) != 1:
            return number
        if step.op == "transpose" or (step.op in _FACTORS and not step.weights):
            number = inputs[0]
        elif step.op == "reshape" and _is_turned(model, inputs[0]):
            number = model.inputs(model.inputs(inputs[0])[0])[0]
        else:
            return number


def _is_turned(model: Rewriting, number: int) -> bool:
    """Whether a step transposes what was reshaped: heads and batch as one axis, for the time of the transpose."""
    step = model.steps[number]
    return step.op == "transpose" and model.steps[model.inputs(number)[0]].op == "reshape"
