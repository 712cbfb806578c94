import numpy as np
import pytest

from archflow.encoders.create import create
from archflow.errors import ArchflowError
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.predict.components.ridge import Ridge
from archflow.predict.stacked import StackedPredictor
from archflow.search.surrogates.predictor import PredictorSurrogate
from tests.search.surrogates.contract import ARCHITECTURES, SPACE, SurrogateContract, lesson


class TestPredictor(SurrogateContract):
    def surrogate(self):
        return PredictorSurrogate(lambda seed: StackedPredictor(components=[Ridge()], seed=seed))


def test_a_predictor_without_deviation_is_sure():
    embedder = create("mlp", SPACE.enumerate())
    settings = FineTuneSettings(epochs=2)
    surrogate = PredictorSurrogate(lambda seed: NetworkPredictor(embedder, settings=settings, seed=seed))
    mean, std = surrogate.fit([lesson()])[0](ARCHITECTURES)
    assert np.ptp(mean) > 0
    assert (std == 0).all()


def test_recipes_are_known_by_name():
    with pytest.raises(ArchflowError, match="no recipe is called"):
        PredictorSurrogate(recipe="plane").fit([lesson()])
