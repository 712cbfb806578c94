"""Reconstruct an architecture from noisy codes of its nodes: arch2vec's variational graph autoencoder."""

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
"""The published loss divides the mean over nodes again by the number of nodes in a batch, 32 cells of 8 nodes."""

_BATCH_SIZE = 1024
"""Architectures per batch in evaluation."""


@PRETEXT_TASKS.register("arch2vec")
class VariationalGraphAutoEncoder(PretextTask):
    """The loss L = L_operations + L_edges + KL_WEIGHT L_KL of arch2vec.

    A node v of n has a code of 16 numbers, z = mu + exp(s) * noise in training and z = mu in evaluation, followed by
    dropout of 0.3. mu and s, the logarithm of the standard deviation, are linear in the node's embedding; for
    `Arch2Vec` itself, as published, mu is the embedding and s is linear in the input of the layer that computes it. The
    decoder is p(operation of v) = softmax(W z_v + b) and p(edge between u and v) = sigmoid(z_u . z_v), without a
    direction.

    - L_operations: cross-entropy, mean over nodes.
    - L_edges: binary cross-entropy, mean over unordered pairs of nodes of one architecture.
    - L_KL = -1/2 sum over d of (1 + 2s - mu^2 - exp(2s)), mean over nodes.

    Published settings: Adam 1e-3, batches of 32, 10 epochs (8 for NAS-Bench-101), gradients clipped at norm 5;
    archflow's loop does not clip. Differences from the released code:

    - The released code leaves training mode after the first epoch, and from then on trains without noise and dropout.
    - It applies a sigmoid to operations, although its configuration says softmax; archflow uses the softmax.
    - Its mean over edges covers the whole matrix, whose lower half is always right, and padding; ours covers pairs.
    - Its weight of L_KL depends on the batch; `KL_WEIGHT` is its value for NAS-Bench-201.

    Args:
        code: Width of the codes for encoders other than `Arch2Vec`, whose codes are as wide as its embedding.

    Source: Yan et al., "Does Unsupervised Architecture Representation Learning Help Neural Architecture Search?",
    NeurIPS 2020.
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
        """Empty: operations and edges are taken from the batch."""
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
        """Sum of the edges' cross-entropies over all pairs of nodes u < v of each architecture, and the pairs' number.

        Edges count in either direction. z: (V, k).
        """
        size = rows.shape[1]
        later, earlier = torch.tril_indices(size, size, -1, device=z.device)
        logits = self.edge_logits(rows.gather(z))[:, later, earlier]
        forth = batch.dense_edges_of(rows)
        joined = (forth[:, later, earlier] | forth[:, earlier, later]).to(z.dtype)
        there = rows.mask[:, later].to(z.dtype)  # then the earlier node of the pair exists too
        return F.binary_cross_entropy_with_logits(logits, joined, there, reduction="sum"), there.sum()

    def code(self, encoder: Encoder, batch: Batch) -> tuple[Tensor, Tensor]:
        """(V, k) mean, and (V, k) log standard deviation, of every node's code."""
        if self.mean is None:
            assert isinstance(encoder, Arch2Vec)
            hidden = encoder.hidden(batch)
            return encoder.mean(hidden), self.log_std(hidden)
        nodes = encoder(batch)
        return self.mean(nodes), self.log_std(nodes)

    def edge_logits(self, z: Tensor) -> Tensor:
        """(B, L, k) -> (B, L, L): log-odds of an edge between two nodes, in either direction."""
        return torch.bmm(z, z.transpose(1, 2))

    @torch.no_grad()
    def reconstruct(self, encoder: Encoder, batch: Batch) -> tuple[Tensor, Tensor]:
        """Decode the mean codes: p(operation) (V, |O|), and p(edge) (B, L, L) at the positions of `batch.padded`.

        The encoder must be in evaluation mode.
        """
        z, _ = self.code(encoder, batch)
        return torch.softmax(self.operations(z), 1), torch.sigmoid(self.edge_logits(batch.padded.gather(z)))

    @torch.no_grad()
    def decode(self, z: Tensor, sizes: Ints, vocabulary: Vocabulary) -> ArchitectureSet:
        """Decode codes (M, L, k) into M architectures.

        Every node gets its most likely operation, and an edge leads from the earlier to the later of two nodes if its
        probability is above 1/2. The result need not be in the search space.

        Args:
            z: (M, L, k) codes.
            sizes: (M,) number of nodes of each architecture; later positions are ignored.
            vocabulary: The encoder's.
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
        """Decode `count` random codes.

        Every node's code is drawn from the normal distribution that the mean codes of these architectures have at its
        position (`CodeStatistics`). The encoder is put in evaluation mode.
        """
        encoder.eval()
        device = self.log_std.weight.device
        rows = np.arange(len(architectures))
        means = [
            self.code(encoder, Batch(architectures, rows[first : first + _BATCH_SIZE], device))[0]
            for first in range(0, len(rows), _BATCH_SIZE)
        ]
        codes, sizes = CodeStatistics.of(torch.cat(means), architectures).draw(count, generator)
        return self.decode(codes.to(device), sizes, architectures.vocabulary)
