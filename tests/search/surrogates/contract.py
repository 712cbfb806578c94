"""What every surrogate does, as a pytest class."""

import numpy as np
import pytest

from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.search.model_based import Lesson, Surrogate
from archflow.search.problem import Problem
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.table_space import TableSpace
from archflow.testing.graphs import random_architectures
from tests.predict.learnable import target

ARCHITECTURES = random_architectures(60, seed=3)
SPACE = TableSpace(Table(ARCHITECTURES))


def lesson(labels: int = 30, seed: int = 1, sign: float = 1.0) -> Lesson:
    """`labels` of 60 architectures, drawn by the seed."""
    rows = np.random.default_rng(seed).permutation(len(ARCHITECTURES))[:labels]
    measured = ARCHITECTURES.select(rows)
    return Lesson(Table(measured), 90 + sign * target(measured), Problem(SPACE, "score"), seed)


class SurrogateContract:
    """Override `surrogate`."""

    def surrogate(self) -> Surrogate:
        """With cheap settings."""
        raise NotImplementedError

    def companions(self) -> tuple[list[Lesson], ArchitectureSet]:
        """Lessons, and architectures to ask for."""
        return [lesson(seed=2, sign=-3), lesson(labels=7, seed=3), lesson(seed=1)], ARCHITECTURES

    def test_a_model_does_not_depend_on_its_companions(self):
        lessons, asked = self.companions()
        alone = self.surrogate().fit(lessons[2:])[0](asked)
        together = self.surrogate().fit(lessons)[2](asked)
        # Training amplifies how processors round products of several matrices, but what others learn changes nothing.
        assert np.corrcoef(together[0], alone[0])[0, 1] > 0.99
        np.testing.assert_allclose(together[0], alone[0], atol=0.3 * alone[0].std())
        np.testing.assert_allclose(together[1], alone[1], rtol=0.3, atol=0.1 * alone[0].std())

    def test_lessons_have_models_of_their_own(self):
        models = self.surrogate().fit([lesson(seed=1), lesson(seed=2)])
        assert (models[0](ARCHITECTURES)[0] != models[1](ARCHITECTURES)[0]).any()

    def test_beliefs_are_numbers_for_each_architecture(self):
        mean, std = self.surrogate().fit([lesson()])[0](ARCHITECTURES)
        assert mean.shape == std.shape == (60,)
        assert np.isfinite(mean).all()
        assert (std >= 0).all()
        one = self.surrogate().fit([lesson()])[0](ARCHITECTURES.select([4]))
        np.testing.assert_allclose([each[0] for each in one], [mean[4], std[4]], rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("labels", [2, 12])
    def test_equal_and_few_labels_are_no_error(self, labels):
        few = lesson(labels)
        equal = Lesson(few.table, np.full(labels, 7.0), few.problem, 1)
        models = self.surrogate().fit([equal, few])
        assert (models[0](ARCHITECTURES)[0] == 7).all()
        assert np.isfinite(models[1](ARCHITECTURES)).all()

    def test_what_can_be_learnt_is(self):
        taught = lesson(45)
        mean = self.surrogate().fit([taught])[0](ARCHITECTURES)[0]
        assert np.corrcoef(mean, target(ARCHITECTURES))[0, 1] > 0.4
        assert abs(mean.mean() - taught.y.mean()) < 2 * taught.y.std()

    def test_architectures_of_a_listed_space_have_beliefs(self):
        space = NASBench201()
        some = space.sample(12, np.random.default_rng(0))
        known = Lesson(Table(some), some.op_counts[:, 1].astype(float), Problem(space, "score"), 0)
        assert np.isfinite(self.surrogate().fit([known])[0](some)).all()
