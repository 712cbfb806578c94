"""Attention that is written out is one node, however its parts are scaled, masked and turned."""

import math

import pytest
import torch
from torch.nn import functional

from archflow.importers import attention
from archflow.importers.rewriting import Rewriting
from archflow.importers.steps import Steps
from tests.importers.test_patterns import imported

SHAPES = ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4))
FORMS = {
    "scaled": lambda _, q, k, v: torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1) @ v,
    "query scaled": lambda _, q, k, v: torch.softmax((q * 0.5) @ k.transpose(-1, -2), -1) @ v,
    "both scaled": lambda _, q, k, v: torch.softmax((q * 0.7) @ (k * 0.7).transpose(-1, -2), -1) @ v,
    "key turned first": lambda _, q, k, v: torch.softmax(q @ (k.transpose(-1, -2) * 0.5), -1) @ v,
    "dropped out": lambda _, q, k, v: functional.dropout(torch.softmax(q @ k.mT, -1), 0.1, False) @ v,
    "masked by a constant": lambda _, q, k, v: torch.softmax(q @ k.mT + torch.ones(5, 7).tril().log(), -1) @ v,
    "one operation": lambda _, q, k, v: functional.scaled_dot_product_attention(q, k, v),
}


@pytest.mark.parametrize("form", FORMS)
def test_attention_is_one_node(form):
    found = imported(FORMS[form], *SHAPES)
    assert found.architecture.ops == ("input", "input", "input", "attention", "output")
    assert found.architecture.attributes["macs"][3] == 2 * 3 * 5 * 7 * (4 + 4)
    assert found.architecture.attributes["heads"][3] == 3


@pytest.mark.parametrize(
    "mask",
    [
        lambda scores, mask: scores + mask,
        lambda scores, mask: mask + scores,
        lambda scores, mask: scores.masked_fill(mask > 0, -math.inf),
        lambda scores, mask: torch.where(mask > 0, scores, -math.inf),
    ],
)
def test_a_mask_that_an_input_decides_is_an_operand(mask):
    found = imported(lambda _, q, k, v, m: torch.softmax(mask(q @ k.mT, m), -1) @ v, *SHAPES, (5, 7))
    ops, place = found.architecture.ops, found.architecture.ops.index("attention")
    assert "softmax" not in ops
    assert sum(target == place for _, target in found.architecture.edges) == 4


@pytest.mark.parametrize(
    "function",
    [
        lambda _, q, k, v: (w := torch.softmax(q @ k.mT, -1)) @ v + w.sum(),
        lambda _, q, k, v: torch.softmax(q.sum((-1,), keepdim=True).expand(2, 3, 5, 7), -1) @ v + k.sum(),
        lambda _, q, k, v: torch.softmax((s := q @ k.mT), -1) @ v + s.mean(),
    ],
)
def test_what_is_used_elsewhere_stays(function):
    assert "softmax" in imported(function, *SHAPES).architecture.ops


def test_a_softmax_of_a_sum_of_two_products_is_no_attention():
    steps = Steps()
    x = steps.input((4, 4))
    products = [steps.apply("matmul", [x, x], (4, 4)) for _ in range(2)]
    both = steps.apply("softmax", [steps.apply("add", products, (4, 4))], (4, 4))
    model = Rewriting(steps, [steps.apply("matmul", [both, x], (4, 4))])
    attention.put_together(model)
    assert model.steps == list(steps)
