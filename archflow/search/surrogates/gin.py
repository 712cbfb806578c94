"""The predictors of NPENAS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders.dropout import dropout
from archflow.encoders.gin import IsomorphismConvolution
from archflow.encoders.inputs import one_hot
from archflow.encoders.layers import BatchNorm, Linear, NeighbourSum, segment_sum
from archflow.encoders.preparation import Preparation
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.pieces import pieces
from archflow.search.lessons import Scale, fit_alike, once, typical
from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate, Values
from archflow.search.training import Training, train

MARGIN = 0.1
"""Distance of the worst and the best label from 0 and 1 in units of the sigmoid's output."""

UNITS = 10.0
"""Units of the Gaussian outputs per standard deviation of the labels. The predicted deviation is at least .6 of a unit,
as published for errors in per cent, whose standard deviation is about ten in NAS-Bench-201."""

LANES = 64
"""Arrays are padded to a multiple of this number of elements, which every processor's vector width divides."""

EPSILON = 1e-5
"""Added to variances in batch normalisation."""


@SURROGATES.register("gin")
class GINSurrogate(Surrogate):
    """A small graph isomorphism network with batch normalisation, trained from random weights.

    A lesson's model does not depend on the lessons it is trained with; it is equal to the last bit if the processor
    rounds a matrix product the same way alone and in a batch.

    Args:
        variance: False, NPENAS-NP: the output is a sigmoid, trained by squared error; the best measured label is mapped
            to .9 and the worst to .1, as the published scale of 100 maps errors of 10 to 90 %. True, NPENAS-BO: outputs
            are mean and standard deviation, trained by Gaussian likelihood, with CELU activations.
        width, depth: Of the graph convolutions, which follow the edges.
        hidden: Width of the layer after the mean over nodes.
        epochs: Number of epochs; 0 takes 300 for NPENAS-NP and 1,000 for NPENAS-BO.
        batch_size, learning_rate, weight_decay: Of Adam (moments 0 and .9; biases at twice the rate, without decay)
            with half a cosine as the schedule. The released schedule counts fewer steps than there are, so that its
            rate rises again at the end; here it does not.

    Source: Wei et al., "NPENAS", 2020; NPENASv1 456ae85.
    """

    bounds: ClassVar = {"width": (1, 65_536), "depth": (1, 1000), "hidden": (1, 65_536), "epochs": (0,)}

    def __init__(
        self,
        variance: bool = False,
        width: int = 32,
        depth: int = 3,
        hidden: int = 16,
        epochs: int = 0,
        batch_size: int = 16,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-4,
    ) -> None:
        self.variance, self.shape = variance, (width, depth, hidden)
        epochs = epochs or (1000 if variance else 300)
        self.training = Training(epochs, batch_size, learning_rate, 2.0, weight_decay, 0.0, 0.9, falling=True)

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        shown = [repr(preparation_of(lesson).to_json()) for lesson in lessons]
        keys = [(len(lesson.y), each) for lesson, each in zip(lessons, shown, strict=True)]
        return fit_alike(lessons, keys, lambda group: self._fit([lessons[number] for number in group]))

    def _fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        """Fit lessons with equal numbers of labels and the same inputs."""
        prepare, labels = preparation_of(lessons[0]), len(lessons[0].y)
        architectures = ArchitectureSet.concatenate([prepare(lesson.table.architectures) for lesson in lessons])
        scales = [self._scale(lesson.y) for lesson in lessons]
        down = [scale.down(lesson.y) for scale, lesson in zip(scales, lessons, strict=True)]
        y = torch.tensor(np.stack(down), dtype=torch.float32)

        def loss(network: Network, members: Sequence[int], rows: NDArray[np.int64]) -> Tensor:
            own = np.asarray(members)[:, None]
            outputs = network(Batch(architectures, own * labels + rows))
            return network.loss(outputs, y[torch.from_numpy(own), torch.from_numpy(rows)])

        ops, attributes = len(prepare.vocabulary), len(prepare.scales)
        networks = train(
            lambda: Network(ops, attributes, *self.shape, gaussian=self.variance),
            [(lesson.seed,) for lesson in lessons],
            labels,
            loss,
            self.training,
        )
        return [_Fitted(prepare, network, scale) for network, scale in zip(networks, scales, strict=True)]

    def _scale(self, y: Values) -> Scale:
        if self.variance:
            known = Scale.of(y)
            return Scale(known.centre, known.spread / UNITS)
        spread = float(np.ptp(y)) / (1 - 2 * MARGIN)
        return Scale(float(y.min()) - MARGIN * spread, spread)


def preparation_of(lesson: Lesson) -> Preparation:
    """The inputs of a network in the space of a lesson: operations, and scaled attributes."""
    space = lesson.problem.space
    return once(space, "preparation", lambda: Preparation.of(typical(space), space.vocabulary))


class MemberLinear(Linear):
    """A linear layer that rounds identically for one member and for several.

    No member's rows are padded to those of others, since a product of more rows, and the sum over them in its gradient,
    are rounded differently.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(K, rows, in) -> (K, rows, out)."""
        return torch.baddbmm(self.bias[:, None], x, self.weight)  # type: ignore[index]

    def by_node(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, in) -> (V, out): apply each node's own member's layer."""
        rows = batch.member_nodes
        if rows.is_full:
            return self(x.view(*rows.shape, -1)).flatten(0, 1)
        parts = zip(x.split(rows.counts.tolist()), self.weight, self.bias, strict=True)  # type: ignore[arg-type]
        return torch.cat([torch.baddbmm(bias[None, None], part[None], weight[None])[0] for part, weight, bias in parts])


def by_lanes(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply an elementwise function with vector instructions only.

    torch computes the remainder at the end of an array one element at a time, which may differ in the last bit, and
    which elements are in the remainder would depend on the rest of the batch.
    """
    return function(F.pad(x.flatten(), (0, -x.numel() % LANES)))[: x.numel()].view(x.shape)


def _celu(x: Tensor) -> Tensor:
    return by_lanes(F.celu, x)


class Convolution(IsomorphismConvolution):
    """Graph convolution with messages along the edges, not against them."""

    def __init__(self, n_in: int, dim: int) -> None:
        super().__init__(n_in, dim)
        self.hidden, self.out = MemberLinear(n_in, dim), MemberLinear(dim, dim)

    def forward(self, x: Tensor, batch: Batch) -> Tensor:
        """(V, in) -> (V, d)."""
        x = NeighbourSum.apply(x, batch.edges).add_(x)
        return self.out.by_node(torch.relu_(self.hidden.by_node(x, batch)), batch)


class NodeNorm(BatchNorm):
    """Batch normalisation whose sums run over a member's nodes one by one.

    Padding therefore does not change the rounding.

    With a first moment of 0, Adam takes full steps on the rounding errors of a zero gradient.
    """

    def forward(self, x: Tensor, batch: Batch) -> Tensor:  # type: ignore[override]
        """(V, d) -> (V, d)."""
        step = len(batch) // batch.members
        bounds = batch.node_ptr[::step]
        if self.training:
            y, mean, variance = _Normalised.apply(x, self.weight, self.bias, bounds)
            with torch.no_grad():
                count = bounds.diff()[:, None].to(x.dtype)
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), self.momentum)
            return y
        scale = self.weight * torch.rsqrt(self.running_var + EPSILON)
        shift = self.bias - self.running_mean * scale
        return torch.addcmul(_by_node(shift, bounds), x, _by_node(scale, bounds))


def _by_node(values: Tensor, bounds: Tensor) -> Tensor:
    """(K, d) per member -> (V, d), or (1, d) for a single member."""
    return values if len(values) == 1 else torch.repeat_interleave(values, bounds.diff(), 0)


class _Normalised(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, bounds: Tensor):  # type: ignore[override]
        count = bounds.diff()[:, None].to(x.dtype)
        mean = segment_sum(x, bounds) / count
        centred = x - _by_node(mean, bounds)
        variance = segment_sum(centred.square(), bounds) / count
        inverse = torch.rsqrt(variance + EPSILON)
        normal = centred.mul_(_by_node(inverse, bounds))
        ctx.save_for_backward(normal, weight * inverse / count, count, bounds)
        ctx.mark_non_differentiable(mean, variance)
        return torch.addcmul(_by_node(bias, bounds), normal, _by_node(weight, bounds)), mean, variance

    @staticmethod
    def backward(ctx, grad: Tensor, *_):  # type: ignore[override]
        normal, scale, count, bounds = ctx.saved_tensors
        grad = grad.contiguous()
        to_bias, to_weight = segment_sum(grad, bounds), segment_sum(grad * normal, bounds)
        to_x = grad * _by_node(scale * count, bounds)
        to_x -= torch.addcmul(_by_node(scale * to_bias, bounds), normal, _by_node(scale * to_weight, bounds))
        return to_x, to_weight, to_bias, None


class Network(nn.Module):
    """Graph convolutions with batch normalisation, the mean over nodes, and one head per output."""

    def __init__(self, n_ops: int, n_attributes: int, width: int, depth: int, hidden: int, *, gaussian: bool) -> None:
        super().__init__()
        self.n_ops, self.n_attributes, self.gaussian = n_ops, n_attributes, gaussian
        n_in = n_ops + 2 * n_attributes
        self.convolutions = nn.ModuleList(Convolution(width if i else n_in, width) for i in range(depth))
        self.norms = nn.ModuleList(NodeNorm(width) for _ in range(depth))
        self.hidden = nn.ModuleList(MemberLinear(width, hidden) for _ in range(1 + gaussian))
        self.out = nn.ModuleList(MemberLinear(hidden, 1) for _ in range(1 + gaussian))
        for layer in (*self.hidden, *self.out):
            bound = (3 / layer.weight.shape[1]) ** 0.5  # type: ignore[union-attr]  # Kaiming's, with slope 1
            nn.init.uniform_(layer.weight, -bound, bound)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, batch: Batch) -> Tensor:
        """(K, B, 1) the sigmoid, or (K, B, 2) mean and standard deviation."""
        activation = _celu if self.gaussian else F.relu
        x = one_hot(batch, self.n_ops, self.n_attributes, torch.float32)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(activation(convolution(x, batch)), batch)
        pooled = (segment_sum(x, batch.node_ptr) / batch.sizes[:, None]).view(batch.members, -1, x.shape[1])
        first = dropout(activation(self.hidden[0](pooled)), 0.1, self.training)
        mean = self.out[0](first)
        if not self.gaussian:
            return by_lanes(torch.sigmoid, mean)
        deviation = self.out[1](_celu(self.hidden[1](pooled)))
        return torch.cat([mean, by_lanes(lambda x: torch.exp(F.celu(x) / 2), deviation)], -1)

    def loss(self, outputs: Tensor, y: Tensor) -> Tensor:
        """(K,) loss of outputs (K, B, .) for labels (K, B)."""
        errors = (outputs[..., 0] - y).square()
        if not self.gaussian:
            return errors.mean(1)
        deviation = outputs[..., 1]
        return (errors / (2 * deviation.square()) + by_lanes(torch.log, deviation)).mean(1)


class _Fitted:
    """A trained network as a model."""

    def __init__(self, prepare: Preparation, network: Network, scale: Scale) -> None:
        self.prepare, self.network, self.scale = prepare, network, scale

    @torch.inference_mode()
    def __call__(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        shown = self.prepare(architectures)
        found = np.zeros((len(shown), 1 + self.network.gaussian))
        for rows in pieces(shown.node_counts, 1024, 64 * self.network.norms[0].weight.shape[1], 0):  # type: ignore[union-attr]
            found[rows] = self.network(Batch(shown, rows))[0].double().numpy()
        deviation = found[:, 1] if self.network.gaussian else np.zeros(len(found))
        return self.scale.up(found[:, 0]), self.scale.spread * deviation
