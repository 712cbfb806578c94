import copy

import numpy as np
import pytest
import torch

from archflow.encoders.create import create
from archflow.errors import ArchflowError
from archflow.search.surrogates.fine_tuned import FineTuned
from tests.search.surrogates.contract import ARCHITECTURES, SPACE, SurrogateContract, lesson


class TestRanked(SurrogateContract):
    def surrogate(self):
        return FineTuned("mlp", epochs=25, learning_rate=5e-3)


class TestEnsembleOfValues(SurrogateContract):
    def surrogate(self):
        return FineTuned("gin", members=2, objective="squared", epochs=15, batch_size=0, batches=3)


def test_every_round_begins_from_the_given_weights():
    embedder = create("gin", SPACE.enumerate(), width=8)
    before = copy.deepcopy(embedder.encoder.state_dict())
    surrogate = FineTuned(embedder, epochs=3)
    first, again = (surrogate.fit([lesson()])[0](ARCHITECTURES)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert all(torch.equal(value, before[name]) for name, value in embedder.encoder.state_dict().items())


def test_the_weights_of_the_encoder_matter():
    one, other = (create("gin", SPACE.enumerate(), width=8, seed=seed) for seed in (1, 2))
    found = [FineTuned(each, epochs=1).fit([lesson()])[0](ARCHITECTURES)[0] for each in (one, other)]
    assert (found[0] != found[1]).any()


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ArchflowError, match="gated_gcn"):
        FineTuned("gated_gcm").fit([lesson()])
