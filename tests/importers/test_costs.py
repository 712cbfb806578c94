"""Channels and multiply-adds from shapes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from archflow.importers.costs import described, named


def flops(call):
    """Of torch's own counter: two for a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        result = call()
    return counter.get_total_flops() // 2, tuple(result.shape)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.sampled_from([1, 3]))
def test_convolutions_are_counted_as_torch_counts_them(batch, groups, per_group, stride, kernel):
    channels, out = groups * per_group, groups * 2
    image = torch.zeros(batch, channels, 7, 6, device="meta")
    weight = torch.zeros(out, per_group, kernel, kernel, device="meta")
    macs, shape = flops(lambda: functional.conv2d(image, weight, stride=stride, groups=groups))
    found = described("conv2d", [tuple(image.shape), tuple(weight.shape)], shape, {"groups": float(groups)})
    assert found["macs"] == macs
    assert (found["channels_in"], found["channels_out"]) == (channels, out)
    back = torch.zeros(channels, 2, kernel, kernel, device="meta")
    macs, shape = flops(lambda: functional.conv_transpose2d(image, back, stride=stride, groups=groups))
    found = described("conv_transpose2d", [tuple(image.shape), tuple(back.shape)], shape, {"groups": float(groups)})
    assert found["macs"] == macs
    assert (found["channels_in"], found["channels_out"]) == (channels, 2 * groups)


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_products_are_counted_as_torch_counts_them(heads, queries, keys, width):
    query = torch.zeros(2, heads, queries, width, device="meta")
    key = torch.zeros(2, heads, keys, width, device="meta")
    macs, shape = flops(lambda: query @ key.transpose(-1, -2))
    assert described("matmul", [tuple(query.shape), (2, heads, width, keys)], shape, {})["macs"] == macs
    again, shape = flops(lambda: (query @ key.transpose(-1, -2)) @ key)
    found = described("attention", [tuple(query.shape), tuple(key.shape), tuple(key.shape)], shape, {})
    assert (found["macs"], found["heads"]) == (again, heads)
    weight = torch.zeros(7, width, device="meta")
    macs, shape = flops(lambda: functional.linear(query, weight))
    found = described("linear", [tuple(query.shape), (7, width)], shape, {})
    assert found == {"macs": macs, "channels_in": width, "channels_out": 7}


def test_multi_head_attention_is_its_projections_and_products():
    shape = (6, 2, 8)  # six queries, a batch of two, eight features
    found = described("multi_head_attention", [shape, shape, shape], shape, {})
    assert found["macs"] == 12 * (4 * 64) + 2 * 12 * 6 * 8


def test_what_is_said_stays_and_what_is_not_known_is_not_said():
    assert described("matmul", [None, None], (3, 4), {"macs": 5.0}) == {"macs": 5.0}
    assert "macs" not in described("matmul", [None, (4, 5)], (3, 5), {})
    assert (
        described("attention", [(5, 4), (7, 4), (7, 4), None], (5, 4), {})["macs"] == 5 * 7 * 8
    )  # a mask is not asked for
    assert "macs" not in described("attention", [(5, 4), None, (7, 4)], (5, 4), {})
    assert "macs" not in described("conv2d", [(1, 3, 4, 4), (2, 3, 1, 1)], None, {})
    assert described("relu", [None], None, {}) == {"macs": 0.0}
    assert "macs" not in described("frobnicate", [(1,)], (1,), {})
    for op in ("conv2d", "linear", "matmul", "attention", "multi_head_attention", "lstm", "gru", "rnn"):
        for shape in ((), (1,), (0, 0)):
            found = described(op, [shape] * 3, shape, {})
            assert all(math.isfinite(value) for value in found.values())


@pytest.mark.parametrize(
    ("op", "before", "after", "name"),
    [
        ("adaptive_avg_pool2d", (1, 8, 5, 5), (1, 8, 1, 1), "global_avg_pool"),
        ("adaptive_avg_pool2d", (1, 8, 5, 5), (1, 8, 2, 2), "adaptive_avg_pool2d"),
        ("mean", (1, 8, 5, 5), (1, 8), "global_avg_pool"),
        ("mean", (1, 16, 8), (1, 8), "mean"),
        ("sum", (1, 8, 5, 5), (1, 8), "sum"),
        ("mean", None, (1, 8), "mean"),
    ],
)
def test_names_that_shapes_decide(op, before, after, name):
    assert named(op, [before], after) == name
