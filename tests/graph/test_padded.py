import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph import padded
from archflow.graph.padded import Padded
from archflow.graph.ragged import pointer


def ragged(counts: list[int]) -> Padded:
    return Padded(pointer(np.array(counts)), torch.device("cpu"))


@given(st.lists(st.integers(1, 70), min_size=1, max_size=20))
def test_parts_hold_every_node_once_and_pad_little(counts):
    whole = ragged(counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(padded, "FEW_PAIRS", 0)
        parts = whole.parts
    assert sorted(np.concatenate([part.nodes for part in parts]).tolist()) == list(range(sum(counts)))
    assert sum(rows * length**2 for rows, length in (part.shape for part in parts)) <= 4 * np.square(counts).sum()
    values, pairs = torch.arange(sum(counts)), {}
    for part in parts:
        assert part.gather(values)[part.mask].tolist() == part.nodes.tolist()
        for row, number in zip(part.index[:, 0].tolist(), part.pair_index, strict=True):
            pairs[row] = number
    for row, number in zip(whole.index[:, 0].tolist(), whole.pair_index, strict=True):
        own = slice(0, counts[whole.bounds.tolist().index(row)])
        assert torch.equal(pairs[row][own, own], number[own, own])


def test_where_little_is_padded_there_is_one_part():
    assert ragged([7] * 256).parts[0].chosen is None
    assert len(ragged([7] * 192 + [60]).parts) == 1
    assert [part.shape for part in ragged([7] * 192 + [200]).parts] == [(192, 7), (1, 200)]
