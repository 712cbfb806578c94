"""Operations on edges, and motifs of motifs, as architectures."""

from itertools import product

import pytest

from archflow import Architecture
from archflow.errors import ArchflowError
from archflow.spaces import Motif, NASBench201, TableSpace

CELL = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


def test_a_cell_of_nasbench201_is_a_motif():
    space = NASBench201()
    native = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    ops = [part.split("~")[0] for part in native.replace("+", "").strip("|").split("|") if part]
    assert Motif(CELL, ops).architecture().hash == space.parse(native).hash


def test_motifs_are_written_out_where_they_stand():
    pair = Motif([(0, 1), (0, 1)], ["conv", "pool"])
    whole = Motif([(0, 1), (1, 2), (0, 2)], [pair, "conv", "skip"]).architecture("in", "out")
    assert whole.ops == ("in", "conv", "pool", "skip", "conv", "out")
    assert set(whole.edges) == {(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (4, 5), (3, 5)}


def test_no_operation_is_no_edge():
    assert Motif([(0, 1), (0, 1)], ["conv", None]).architecture() == Architecture(
        ("input", "conv", "output"), ((0, 1), (1, 2))
    )


def test_a_space_of_motifs_is_a_list():
    cells = [Motif(CELL[:3], ops).architecture() for ops in product(("conv", "pool"), repeat=3)]
    space = TableSpace(cells, "cells")
    assert space.size == 8
    assert len(space.neighbours(cells[0])) == 3


@pytest.mark.parametrize(
    ("edges", "parts", "why"),
    [
        ([], [], "0 parts for 0 edges"),
        ([(0, 1)], ["a", "b"], "2 parts for 1 edges; give one for each edge"),
        ([(1, 1)], ["a"], r"edge \(1, 1\) must lead from a map"),
        ([(-1, 1)], ["a"], r"edge \(-1, 1\) must lead"),
    ],
)
def test_what_is_no_motif_is_refused(edges, parts, why):
    with pytest.raises(ArchflowError, match=why):
        Motif(edges, parts)
