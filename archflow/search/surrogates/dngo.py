"""DNGO: Bayesian linear regression on the last layer of a network, on frozen embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.search.embeddings import Embed
from archflow.search.lessons import Scale, fit_alike
from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate
from archflow.search.perceptron import Perceptron, train_perceptrons
from archflow.search.training import Training

Values = NDArray[np.float64]

ITERATIONS = 100
"""Maximum number of fixed-point iterations for the two precisions."""

ENOUGH = 1e-4
"""Relative change of the precisions at which the iteration has converged."""


@SURROGATES.register("dngo")
class DNGO(Surrogate):
    """Bayesian linear regression on the hidden layer of a network that is trained to predict labels from embeddings.

    The precisions of the regression maximise the marginal likelihood.

    Args:
        embed: Architectures -> embeddings, or the name of an encoder; see `Embed`.
        width: Units of the hidden layer (tanh).
        epochs: Epochs of Adam.
        standardised: Whether labels are standardised; inputs always are.

    Source: Snoek et al., "Scalable Bayesian optimization using deep neural networks", ICML 2015; 128 units, learning
    rate 0.01, batches of 10, 100 epochs as in arch2vec, 30 in CATE.
    """

    given = ("embed",)

    def __init__(
        self, embed: Embed | str = "pretrained", width: int = 128, epochs: int = 100, standardised: bool = True
    ) -> None:
        self.embed = embed if isinstance(embed, Embed) else Embed(embed)
        self.width, self.training = width, Training(epochs, 10, 0.01)
        self.standardised = standardised

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        embedded = [self.embed(lesson.problem, lesson.table.architectures) for lesson in lessons]
        scales = [Scale.of(lesson.y) if self.standardised else Scale(0.0, 1.0) for lesson in lessons]

        def fit(group: Sequence[int]) -> list[Model]:
            standards = [(embedded[k].mean(0), embedded[k].std(0) + 1e-6) for k in group]
            x = [(embedded[k] - centre) / spread for k, (centre, spread) in zip(group, standards, strict=True)]
            y = [scales[k].down(lessons[k].y) for k in group]
            inputs, labels = (torch.tensor(np.stack(each), dtype=torch.float32) for each in (x, y))
            seeds = [lessons[k].seed for k in group]
            networks = train_perceptrons(
                inputs,
                labels,
                seeds,
                lambda: Perceptron(inputs.shape[2], self.width, 1, torch.tanh),
                1,
                torch.square,
                self.training,
            )
            each = enumerate(zip(group, standards, networks, strict=True))
            return [
                _Fitted(self.embed, lessons[k], standard, scales[k], network, x[place], y[place])
                for place, (k, standard, network) in each
            ]

        return fit_alike(lessons, [each.shape for each in embedded], fit)


class BayesianRegression:
    """Linear regression with a normal prior of precision alpha on the weights, and noise of precision beta.

    Args:
        x: (n, h) inputs.
        y: (n,) targets.

    Source: Bishop, Pattern recognition and machine learning, 2006, equations 3.53 to 3.59 and 3.92 to 3.95.
    """

    def __init__(self, x: Values, y: Values) -> None:
        values, vectors = np.linalg.eigh(x.T @ x)
        values, projected = np.maximum(values, 0), vectors.T @ (x.T @ y)
        self.alpha, self.beta = 1.0, 10.0
        for _ in range(ITERATIONS):
            weights = self.beta * projected / (self.alpha + self.beta * values)
            determined = float((self.beta * values / (self.alpha + self.beta * values)).sum())
            residual = float(np.square(y - x @ (vectors @ weights)).sum())
            alpha = determined / max(float(np.square(weights).sum()), 1e-9)
            beta = max(len(y) - determined, 1e-3) / max(residual, 1e-9)
            alpha, beta = float(np.clip(alpha, 1e-6, 1e6)), float(np.clip(beta, 1e-6, 1e6))
            change = abs(alpha - self.alpha) / self.alpha + abs(beta - self.beta) / self.beta
            self.alpha, self.beta = alpha, beta
            if change < ENOUGH:
                break
        self._weights = vectors @ (self.beta * projected / (self.alpha + self.beta * values))
        self._root = vectors / np.sqrt(self.alpha + self.beta * values)

    def __call__(self, x: Values) -> tuple[Values, Values]:
        """(N,) mean and standard deviation, noise included, at x (N, h)."""
        return x @ self._weights, np.sqrt(1 / self.beta + np.square(x @ self._root).sum(1))


class _Fitted:
    """The model of one lesson, in the unit of its labels.

    Args:
        embed: Architectures -> embeddings.
        lesson: The training data.
        standard: (d,) mean and standard deviation of its embeddings.
        scale: Standardisation of its labels.
        network: The trained network.
        x: (n, d) standardised embeddings.
        y: (n,) standardised labels.
    """

    def __init__(
        self,
        embed: Embed,
        lesson: Lesson,
        standard: tuple[Values, Values],
        scale: Scale,
        network: Perceptron,
        x: Values,
        y: Values,
    ) -> None:
        self._embed, self._problem, self._standard = embed, lesson.problem, standard
        self._scale, self._network = scale, network
        self._regression = BayesianRegression(self._basis(x), y)

    def __call__(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        centre, spread = self._standard
        x = (self._embed(self._problem, architectures) - centre) / spread
        mean, std = self._regression(self._basis(x))
        return self._scale.up(mean), std * self._scale.spread

    @torch.inference_mode()
    def _basis(self, x: Values) -> Values:
        """(N, width + 1) hidden activations and a constant 1, for standardised embeddings (N, d)."""
        states = self._network.hidden(torch.tensor(x, dtype=torch.float32)[None])[0].double().numpy()
        return np.concatenate([states, np.ones((len(x), 1))], 1)
