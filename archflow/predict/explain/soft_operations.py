"""Networks that read mixtures of operations, so that a prediction can be differentiated with respect to operations."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.func import functional_call

from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.predict.models import model_for
from archflow.predict.ranking_model import ScoreModel
from archflow.seeding import seeded

TOLERANCE = 1e-3
"""The largest relative difference of scores at which pure mixtures count as read like operations."""


class SoftOperations:
    """A network whose nodes have mixtures of operations, that is, weighted sums of the operations' weights.

    Most encoders read an operation only through the rows of their weights, one row per operation. The network is built
    with one additional operation per node, whose rows are the mixture.

    Args:
        model: The network, in evaluation mode.
        nodes: M, the number of nodes of a batch.

    Raises:
        ArchflowError: If operations enter the encoder in another way.
    """

    def __init__(self, model: ScoreModel, nodes: int) -> None:
        self._ops, self._nodes, self._state = int(model.encoder.config["n_ops"]), nodes, _state_of(model)
        try:
            self._axes = self._axes_of(model)
            self._wide = self._with_operations(model, nodes)
        except ArchflowError:
            raise ArchflowError(f"{type(model.encoder).__name__} does not read operations one by one") from None
        self._wide.eval()

    def __call__(self, batch: Batch, mixtures: Tensor) -> Tensor:
        """Score architectures.

        Args:
            batch: B architectures with M nodes, whose operations are replaced.
            mixtures: (M, |O|) how much of each operation a node has.

        Returns:
            (B, metrics) scores.
        """
        state: dict[str, Tensor] = dict(self._state)
        for name, axis in self._axes.items():
            weight = self._state[name]
            rows = weight.movedim(axis, 0)
            mixed = torch.tensordot(mixtures, rows[: self._ops], dims=1)
            state[name] = torch.cat([rows[: self._ops], mixed, rows[self._ops :]]).movedim(0, axis)
        mixed_batch = copy.copy(batch)
        # The order of nodes, where an encoder needs one, stays that of the real operations.
        mixed_batch.op = self._ops + torch.arange(self._nodes, device=batch.device)
        return functional_call(self._wide, state, (mixed_batch,))

    def reads(self, model: ScoreModel, batch: Batch) -> bool:
        """Whether the network gives the same scores for pure mixtures as for the operations themselves."""
        pure = torch.nn.functional.one_hot(batch.op, self._ops).to(next(model.parameters()).dtype)
        with torch.no_grad():
            try:
                mixed, expected = self(batch, pure), model(batch)
            except (IndexError, RuntimeError):
                return False
        return bool(torch.allclose(mixed, expected, rtol=TOLERANCE, atol=TOLERANCE))

    def _axes_of(self, model: ScoreModel) -> dict[str, int]:
        """For each weight with a row per operation, the axis of these rows."""
        found, more = {}, _state_of(self._with_operations(model, 1))
        for name, weight in self._state.items():
            if more[name].shape == weight.shape:
                continue
            axes = [axis for axis in range(weight.dim()) if more[name].shape[axis] != weight.shape[axis]]
            if len(axes) != 1 or more[name].shape[axes[0]] != weight.shape[axes[0]] + 1:
                raise ArchflowError("more operations change more than rows of weights")
            found[name] = axes[0]
        if not found:
            raise ArchflowError("operations have no rows of weights")
        return found

    def _with_operations(self, model: ScoreModel, more: int) -> ScoreModel:
        encoder = model.encoder
        config = {**encoder.config, "n_ops": self._ops + more}
        with seeded(0):
            return model_for(type(encoder)(**config), model.n_metrics, model.contexts)


def _state_of(model: ScoreModel) -> Mapping[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}
