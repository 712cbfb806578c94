"""Momentum contrast of edited architectures, with a curriculum."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.augmentation import inner_operations, replace_operations
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, decoder, positive
from archflow.pretext.contrast import graph_classes

NO_EDITS = (32 / 60, 42 / 60)
"""The interval of training, as fractions, in which positives are the unedited architectures."""

KEYS_AT_ONCE = 256


@PRETEXT_TASKS.register("dclp")
class DCLP(PretextTask):
    """DCLP: momentum contrast of architectures with a curriculum.

    The query q of an edited architecture should be similar to the key k of another edit of it, and dissimilar to the
    keys n of other architectures in a queue:

        L = mean of -log( exp(q . k / T) / (exp(q . k / T) + sum over the queue of exp(q . n / T)) )

    with q = normalised projector(encoder.embed(view)). Keys come from a copy of encoder and projector without
    gradients, which in training is updated by weight <- m weight + (1 - m) encoder's weight, in the same mode as the
    encoder, as in the original. The newest keys replace the oldest.

    An edit replaces the operation of one node by another that occurs at inner nodes. The curriculum is that of the
    released script: edits in epochs 0 to 31 and 42 to 59 of 60, none in between, here as fractions of training.
    Published: m = 0.999, T = 0.07, a queue of 131,072 keys with batches of 2,048, a projector 32-64-32-128 on a GIN of
    width 32, here d-2d-d-128.

    Differences from the released code: the queue has `queue` keys, the published 64 batches at batches of 256, and at
    most a quarter of the architectures, since more keys would mostly be earlier keys of the same architectures, and
    cost more than the encoder. Keys of an isomorphic architecture, in particular its own from the previous epoch, are
    excluded; the released queue contains them as negatives. The queue is initialised with the keys of random
    architectures, not with random vectors that are far from all keys. AdamW without schedule replaces SGD at 0.015 with
    momentum 0.9.

    Args:
        queue: Maximum number of keys.
        momentum: m.
        temperature: T.
        width: Width of queries and keys.

    Source: Zheng et al. (DCLP), AAAI 2024; He et al. 2020 for momentum contrast.
    """

    queue: Tensor
    queue_classes: Tensor

    def __init__(
        self,
        encoder: Encoder,
        queue: int = 16_384,
        momentum: float = 0.999,
        temperature: float = 0.07,
        width: int = 128,
    ) -> None:
        super().__init__()
        positive("dclp", queue=queue, temperature=temperature, width=width)
        if not 0 <= momentum <= 1:
            raise ArchflowError(f"dclp: momentum {momentum:g} must be in 0 to 1")
        self.queue_limit, self.momentum, self.temperature, self.edits = queue, momentum, temperature, True
        self.projector = decoder(encoder.dim, (2 * encoder.dim, encoder.dim), width)
        self.key_encoder = copy.deepcopy(encoder).requires_grad_(False)
        self.key_projector = copy.deepcopy(self.projector).requires_grad_(False)
        self.register_buffer("queue", torch.zeros(0, width))
        self.register_buffer("queue_classes", torch.zeros(0, dtype=torch.int64))
        self.choices = np.zeros(0, np.int64)

    def begin_epoch(self, share: float) -> None:
        self.edits = not NO_EDITS[0] <= share < NO_EDITS[1]

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """Initialise the queue; the targets are isomorphism classes."""
        classes = graph_classes(architectures)
        self.choices = inner_operations(architectures)
        size = min(self.queue_limit, len(architectures) // 4)
        rows = np.random.default_rng(0).permutation(len(architectures))[:size]
        self.queue = self._first_keys(architectures, rows)
        self.queue_classes = classes[torch.from_numpy(rows)].to(self.queue.device)
        return {"dclp": classes}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        classes = targets["dclp"]
        if self.training:
            self._follow(encoder)
        query = F.normalize(self.projector(encoder.embed(self._view(batch))), dim=1)
        key = self._keys(self._view(batch))
        positive = (query * key).sum(1, keepdim=True)
        negative = (query @ self.queue.T).masked_fill(classes[:, None] == self.queue_classes, -torch.inf)
        logits = torch.cat([positive, negative], 1) / self.temperature
        if self.training:
            # New tensors: the backward pass still needs the old ones.
            size = len(self.queue)
            self.queue = torch.cat([self.queue[len(key) :], key[:size]])
            self.queue_classes = torch.cat([self.queue_classes[len(key) :], classes[:size]])
        return {"dclp": F.cross_entropy(logits, torch.zeros_like(classes))}

    def _view(self, batch: Batch) -> Batch:
        if not self.edits:
            return batch
        edited = replace_operations(batch.architectures.select(batch.rows), 1, self.choices)
        return Batch(edited, device=batch.device)

    @torch.no_grad()
    def _follow(self, encoder: Encoder) -> None:
        for key, query in ((self.key_encoder, encoder), (self.key_projector, self.projector)):
            for ours, theirs in zip(key.parameters(), query.parameters(), strict=True):
                ours.lerp_(theirs, 1 - self.momentum)

    @torch.no_grad()
    def _keys(self, batch: Batch) -> Tensor:
        return F.normalize(self.key_projector(self.key_encoder.embed(batch)), dim=1)

    def _first_keys(self, architectures: ArchitectureSet, rows: NDArray[np.int64]) -> Tensor:
        """(M, width) the keys of these rows, without random edits."""
        mode = self.key_encoder.training
        self.key_encoder.eval()
        device = self.queue.device
        runs = [rows[first : first + KEYS_AT_ONCE] for first in range(0, len(rows), KEYS_AT_ONCE)]
        keys = [self._keys(Batch(architectures, run, device)) for run in runs]
        self.key_encoder.train(mode)
        return torch.cat([self.queue[:0], *keys])
