"""FlowerFormer for a pair of cells: the same flow through both, with an exchange between their output states."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS
from archflow.encoders.flowerformer import FlowerFormer, FlowerLayer
from archflow.encoders.layers import Linear, segment_sum
from archflow.encoders.readout import NodeReadout, make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch

CELLS = 2


class EndExchange(nn.Module):
    """[s_1 || s_2] <- [s_1 || s_2] W + b, where s_c is the state of the node at which cell c ends.

    If a cell has several such nodes, s_c is their mean, and all of them get the new state.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mix = Linear(CELLS * dim, CELLS * dim)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(K, S, d) -> (K, S, d), by position of the layout by level; only states at the ends of cells change."""
        ends, states = batch.cell_ends, x.view(-1, x.shape[-1])
        place, there = batch.leveled.place[ends.node], ends.padded.mask[..., None]
        leaving = ends.padded.gather(states.index_select(0, place))  # (2B, P, d)
        leaving = (leaving * there).sum(1) / there.sum(1)
        mixed = self.mix(leaving.view(batch.members, -1, CELLS * x.shape[-1])).view_as(leaving)
        shared = ends.padded.scatter(mixed[:, None].expand(-1, there.shape[1], -1))
        return states.index_copy(0, place, shared).view_as(x)


class TwoCellLayer(FlowerLayer):
    """A layer whose cells exchange their output states between the forward and the backward pass."""

    def __init__(self, dim: int, heads: int, attention_dropout: float) -> None:
        super().__init__(dim, heads, attention_dropout)
        self.exchange = EndExchange(dim)

    def flow(self, x: Tensor, batch: Batch) -> Tensor:
        """(K, S, d) -> (K, S, d): forward pass, exchange between the cells, backward pass."""
        layout = batch.leveled
        return self.back(self.exchange(self.forth(x, layout), batch), layout, backward=True)


@ENCODERS.register("flowerformer_two_cell")
class FlowerFormerTwoCell(FlowerFormer):
    """FlowerFormer (Hwang et al., CVPR 2024), the version for a normal and a reduction cell (NAS-Bench-301).

    An architecture is a graph of two cells (`ArchitectureSet.cells`), as the space `darts` gives it. With h0 the input
    of a layer, and weights shared by the cells,

        h = forward(h0);   [h_s || h_t] <- [h_s || h_t] W + b   (s, t: where the cells end);   flow = backward(h)

    and all else is `FlowerLayer`. The embedding is the mean over the first cell's nodes, then that over the second's:
    dim = 2 width. A node's own embedding is its state in the half of its cell, and zeros in the other.

    Cells are ordered by their first nodes; in a DARTS genotype the normal cell comes first. Nothing else distinguishes
    them, because they have the same operations. So renumbering the nodes can exchange them (`reads_positions`).

    Batch normalisation is over the nodes of both cells. The released code normalises one cell after the other with
    the same parameters: in training each by its own statistics, in evaluation both by the running ones.

    Raises:
        ArchflowError: If `heads` does not divide `width`, or an architecture does not have two cells.
    """

    reads_positions = True
    reads_pairs = True
    layer = TwoCellLayer

    def __init__(
        self,
        n_ops: int,
        width: int = 256,
        depth: int = 8,
        heads: int = 8,
        attention_dropout: float = 0.3,
        n_attributes: int = 0,
        readout: str = "cells",
    ) -> None:
        super().__init__(n_ops, width, depth, heads, attention_dropout, n_attributes)
        self.dim = CELLS * width
        self.readout = make_readout(readout, self.dim, cells=CellMeans)

    def forward(self, batch: Batch) -> Tensor:
        """(V, 2 width) node embeddings."""
        _check_cells(batch)
        return (_cells(batch)[..., None] * super().forward(batch)[:, None]).flatten(1)


class CellMeans(NodeReadout):
    """The means over the nodes of each cell, concatenated."""

    def pool(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, 2 width) node states, each in the half of its cell -> (B, 2 width)."""
        sizes = segment_sum(_cells(batch), batch.node_ptr)
        return segment_sum(x, batch.node_ptr) / sizes.repeat_interleave(x.shape[1] // CELLS, 1)


def _cells(batch: Batch) -> Tensor:
    """(V, 2) 1 where a node belongs to the cell, else 0."""
    return F.one_hot(batch.cell, CELLS).float()


def _check_cells(batch: Batch) -> None:
    wrong = batch.cell_counts != CELLS
    if wrong.any():
        row = int(wrong.argmax())
        found = batch.cell_counts[row]
        raise ArchflowError(
            f"flowerformer_two_cell: architecture {row} of the batch has {found} cell{'' if found == 1 else 's'}, not "
            "two; it needs two parts that no edge joins (`archflow.spaces.darts.separated` takes joined cells apart); "
            "for other graphs use flowerformer"
        )
