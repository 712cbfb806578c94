import numpy as np

from archflow.encoders import create
from archflow.graph.table import Table
from archflow.search.embeddings import Embed
from archflow.search.model_based import Lesson
from archflow.search.problem import Problem
from archflow.search.surrogates.dngo import DNGO, BayesianRegression
from archflow.spaces.nasbench201 import NASBench201
from tests.search.surrogates.contract import ARCHITECTURES, SurrogateContract


class TestDNGO(SurrogateContract):
    def surrogate(self):
        return DNGO(Embed(create("gin", ARCHITECTURES, width=8, seed=0)), width=16, epochs=30)

    def test_architectures_of_a_listed_space_have_beliefs(self):
        space = NASBench201()
        some = space.sample(12, np.random.default_rng(0))
        known = Lesson(Table(some), some.op_counts[:, 1].astype(float) + np.arange(12), Problem(space, "score"), 0)
        embed = Embed(create("gin", some, width=8, seed=0))
        assert np.isfinite(DNGO(embed, width=8, epochs=5).fit([known])[0](some)).all()


def test_a_line_is_found_with_its_noise():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(400, 2)), np.ones((400, 1))], 1)
    y = x @ [2.0, -1.0, 0.5] + 0.3 * rng.normal(size=400)
    regression = BayesianRegression(x, y)
    mean, std = regression(np.array([[1.0, 0, 1], [30.0, 0, 1]]))
    np.testing.assert_allclose(mean, [2.5, 60.5], atol=0.5)
    assert 0.25 < std[0] < 0.35
    assert std[1] > std[0]
