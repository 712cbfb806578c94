import numpy as np

from archflow.search.lessons import Encoding
from archflow.search.surrogates.path_mlp import PathMLP
from tests.search.surrogates.contract import ARCHITECTURES, SPACE, SurrogateContract, lesson


class TestPathMLP(SurrogateContract):
    def surrogate(self):
        return PathMLP(members=2, depth=3, epochs=20)


def test_inputs_are_bits_of_paths():
    found = Encoding.of(SPACE, ["paths"])(ARCHITECTURES)
    assert set(np.unique(found)) == {0, 1}
    assert found.shape[1] > 5


def test_the_deviation_is_that_between_members():
    assert (PathMLP(members=1, epochs=2).fit([lesson()])[0](ARCHITECTURES)[1] == 0).all()
    assert (PathMLP(members=3, epochs=2).fit([lesson()])[0](ARCHITECTURES)[1] > 0).all()


def test_ten_layers_learn():
    taught = lesson(45)
    mean = PathMLP(epochs=40).fit([taught])[0](taught.table.architectures)[0]
    assert np.abs(mean - taught.y).mean() < 0.6 * np.abs(taught.y - np.median(taught.y)).mean()
