"""Rebuild an architecture from noisy codes of its nodes: the variational graph auto-encoder of arch2vec."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Arch2Vec, Encoder
from archflow.encoders.dropout import dropout
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded
from archflow.graph.ragged import Ints, pointer
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, positive
from archflow.pretext.latent_sampling import CodeStatistics

CODE_DROPOUT = 0.3
KL_WEIGHT = 1 / 256
"""The published loss divides the mean over nodes once more by the number of nodes in a batch, 32 cells of 8 nodes."""

_BATCH_SIZE = 1024
"""Architectures encoded at once where there is nothing to learn."""


@PRETEXT_TASKS.register("arch2vec")
class VariationalGraphAutoEncoder(PretextTask):
    """L = L_operations + L_edges + KL_WEIGHT L_KL ("Does Unsupervised Architecture Representation Learning Help Neural
    Architecture Search?", Yan et al., NeurIPS 2020).

    A node v of n has a code of 16 numbers, z = mu + exp(s) * noise in training and z = mu in evaluation; then dropout
    of 0.3. mu and s, the logarithm of the standard deviation, are linear in the node's embedding; for `Arch2Vec`
    itself, as published, mu is the embedding and s linear in what it is read from. The decoder is
    p(operation of v) = softmax(W z_v + b) and p(edge between u and v) = sigmoid(z_u . z_v), without a direction.

    - L_operations: cross-entropy, mean over nodes.
    - L_edges: binary cross-entropy, mean over unordered pairs of nodes of one architecture.
    - L_KL = -1/2 sum over d of (1 + 2s - mu^2 - exp(2s)), mean over nodes.

    Published settings: Adam 1e-3, batches of 32, 10 epochs (8 for NAS-Bench-101), gradients clipped at norm 5; our
    loop does not clip. Where we differ from the released code:

    - It leaves training mode after the first epoch and so trains without noise and dropout from there on. We do not.
    - It squashes operations by a sigmoid, although its configuration says softmax; we take the softmax.
    - Its mean over edges counts the whole matrix, whose lower half is always right, and padding; ours counts pairs.
    - Its weight of L_KL depends on the batch; `KL_WEIGHT` is its value for NAS-Bench-201.

    Args:
        code: Width of the codes for encoders other than `Arch2Vec`, whose codes are as wide as its embedding.
    """

    def __init__(self, encoder: Encoder, code: int = 16) -> None:
        super().__init__()
        positive("arch2vec", code=code)
        has_mean = isinstance(encoder, Arch2Vec)
        self.width = encoder.dim if has_mean else code
        self.mean = None if has_mean else nn.Linear(encoder.dim, code)
        self.log_std = nn.Linear(encoder.width if has_mean else encoder.dim, self.width)
        self.operations = nn.Linear(self.width, encoder.n_ops)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Nothing: operations and edges are those of the batch."""
        return {}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        mean, log_std = self.code(encoder, batch)
        z = torch.addcmul(mean, log_std.exp(), torch.randn_like(mean)) if self.training else mean
        z = dropout(z, CODE_DROPOUT, self.training)
        each = [self._edge_loss(z, batch, part) for part in batch.padded.parts]
        lost, pairs = each[0] if len(each) == 1 else map(torch.stack, zip(*each, strict=True))
        edges = lost.sum() / pairs.sum().clamp(min=1)
        divergence = (mean.square() + (2 * log_std).exp() - 2 * log_std - 1).sum(1).mean() / 2
        return {
            "arch2vec_operations": F.cross_entropy(self.operations(z), batch.op),
            "arch2vec_edges": edges,
            "arch2vec_kl": KL_WEIGHT * divergence,
        }

    def _edge_loss(self, z: Tensor, batch: Batch, rows: Padded) -> tuple[Tensor, Tensor]:
        """Cross entropy of the edges between all pairs of nodes u < v of some architectures, in whichever direction,
        summed; and the number of pairs. z: (V, k)."""
        size = rows.shape[1]
        later, earlier = torch.tril_indices(size, size, -1, device=z.device)
        logits = self.edge_logits(rows.gather(z))[:, later, earlier]
        forth = batch.dense_edges_of(rows)
        joined = (forth[:, later, earlier] | forth[:, earlier, later]).to(z.dtype)
        there = rows.mask[:, later].to(z.dtype)  # then the earlier node of the pair is there too
        return F.binary_cross_entropy_with_logits(logits, joined, there, reduction="sum"), there.sum()

    def code(self, encoder: Encoder, batch: Batch) -> tuple[Tensor, Tensor]:
        """(V, k) twice: mean of every node's code, and logarithm of its standard deviation."""
        if self.mean is None:
            assert isinstance(encoder, Arch2Vec)
            hidden = encoder.hidden(batch)
            return encoder.mean(hidden), self.log_std(hidden)
        nodes = encoder(batch)
        return self.mean(nodes), self.log_std(nodes)

    def edge_logits(self, z: Tensor) -> Tensor:
        """(B, L, k) -> (B, L, L): log-odds of an edge between two nodes, in whichever direction."""
        return torch.bmm(z, z.transpose(1, 2))

    @torch.no_grad()
    def reconstruct(self, encoder: Encoder, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the mean codes decode to: p(operation) (V, |O|), and p(edge between two nodes) (B, L, L), in places of
        `batch.padded`. Give the encoder in evaluation mode."""
        z, _ = self.code(encoder, batch)
        return torch.softmax(self.operations(z), 1), torch.sigmoid(self.edge_logits(batch.padded.gather(z)))

    @torch.no_grad()
    def decode(self, z: Tensor, sizes: Ints, vocabulary: Vocabulary) -> ArchitectureSet:
        """Codes (M, L, k) -> M architectures with the likeliest operations, and an edge, from the earlier to the later
        node, wherever its probability is above 1/2. sizes: (M,) nodes of each; further places are left out.

        They are what the codes say, be that an architecture of the space or not. vocabulary: the encoder's.
        """
        there = np.arange(z.shape[1]) < sizes[:, None]
        op = self.operations(z).argmax(2).cpu().numpy()
        edges = np.triu((self.edge_logits(z) > 0).cpu().numpy(), 1) & there[:, None] & there[:, :, None]
        row, source, target = np.nonzero(edges)
        bounds = pointer(np.bincount(row, minlength=len(z)))
        return ArchitectureSet(vocabulary, op[there], pointer(sizes), source, target, bounds, validate=False)

    @torch.no_grad()
    def sample(
        self, encoder: Encoder, architectures: ArchitectureSet, count: int, generator: np.random.Generator
    ) -> ArchitectureSet:
        """`count` draws, decoded: every node's code from the normal distribution that the mean codes of these
        architectures have at its position (`CodeStatistics`). The encoder is put in evaluation mode."""
        encoder.eval()
        device = self.log_std.weight.device
        rows = np.arange(len(architectures))
        means = [
            self.code(encoder, Batch(architectures, rows[first : first + _BATCH_SIZE], device))[0]
            for first in range(0, len(rows), _BATCH_SIZE)
        ]
        codes, sizes = CodeStatistics.of(torch.cat(means), architectures).draw(count, generator)
        return self.decode(codes.to(device), sizes, architectures.vocabulary)
