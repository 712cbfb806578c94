from archflow.search.surrogates.mlp import MLP
from tests.search.surrogates.contract import SurrogateContract


class TestMLP(SurrogateContract):
    def surrogate(self):
        return MLP(width=32, depth=2, epochs=40, batch_size=16)
