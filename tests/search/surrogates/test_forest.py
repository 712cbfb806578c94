from archflow.search.surrogates.forest import Forest
from tests.search.surrogates.contract import ARCHITECTURES, SurrogateContract, lesson


class TestForest(SurrogateContract):
    def surrogate(self):
        return Forest(trees=20)


def test_the_deviation_is_that_between_trees():
    assert (Forest(trees=1).fit([lesson()])[0](ARCHITECTURES)[1] == 0).all()
