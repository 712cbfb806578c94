"""A member of a stack trains as it would alone, whoever its companions are."""

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS
from archflow.predict.fine_tune import FineTuneSettings, Runs, fine_tune
from archflow.predict.models import model_for
from archflow.seeding import seeded
from archflow.testing import random_architectures

SOME = random_architectures(120, seed=2, max_nodes=8)
ORDER = np.argsort(SOME.node_counts, kind="stable")
SETTINGS = FineTuneSettings(epochs=3, batch_size=6, learning_rate=1e-4)
LABELS = (SOME.edge_counts + np.random.default_rng(0).random(len(SOME)))[:, None]


def rows(member: int, count: int) -> np.ndarray:
    """Rows of a member of small (the first) to large architectures (the last)."""
    block = ORDER[12 * member : 12 * member + 20]
    return np.random.default_rng(member).permutation(block)[:count]


def trained(name: str, members: list[int], **config):
    made = []
    for member in members:
        with seeded(member):
            encoder = ENCODERS.get(name)(n_ops=len(SOME.vocabulary), width=16, **config)
            made.append(model_for(encoder))
    chosen = np.stack([rows(member, 20) for member in members])
    return fine_tune(made, SOME, Runs(LABELS, chosen[:, :12], chosen[:, 12:], members), SETTINGS)


@pytest.mark.parametrize("companions", [[0, 1, 2], list(range(9))], ids=["three", "nine"])
@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("mlp", {"dropout": 0.3}),
        ("gated_gcn", {"dropout": 0.3}),
        ("transformer", {"dropout": 0.3}),
        ("flowerformer", {"depth": 2, "attention_dropout": 0.3}),
        ("nn_former", {"depth": 2, "dropout": 0.3}),
        ("nar_former_v2", {"depth": 2, "dropout": 0.3}),
        ("carl", {"dropout": 0.3}),
        ("ta_gates", {"symmetry_noise": 0.1}),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_member_trains_as_it_would_alone(name, config, companions):
    alone, together = trained(name, [1], **config), trained(name, companions, **config)
    np.testing.assert_allclose(together.losses[:, 1], alone.losses[:, 0], rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(together.validation_score[:, 1], alone.validation_score[:, 0])
    for key, expected in alone.models[0].state_dict().items():
        # Where a gradient is nothing but rounding, Adam's six steps of 1e-4 have any sign.
        torch.testing.assert_close(together.models[1].state_dict()[key], expected, rtol=1e-3, atol=3e-4, msg=key)
