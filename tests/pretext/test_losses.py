"""The losses of a few epochs of every registered task, written down: the defaults, and what each draws, stay."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from archflow.encoders import GatedGCN
from archflow.pretext import PRETEXT_TASKS, PretrainSettings, make_task, vocabulary_for, with_proxies
from archflow.seeding import seeded
from tests.pretraining import losses_of

EXPECTED = json.loads((Path(__file__).parent / "losses.json").read_text())
"""By task: the losses of every epoch, and the mean square of all weights at the end."""


def measured(name: str, architectures) -> dict[str, list[float]]:
    known = architectures.recoded(vocabulary_for(name, architectures.vocabulary))
    proxies = {"params": architectures.edge_counts + 0.5 * architectures.op_counts[:, 2]}
    proxies["params"][::7] = np.nan
    with seeded(5):
        encoder = GatedGCN(len(known.vocabulary), width=16)
        task = make_task(name, encoder, with_proxies(name, {}, ["params"]))
    losses = losses_of(encoder, task, known, proxies, PretrainSettings(epochs=4, batch_size=16, learning_rate=3e-3))
    weights = torch.cat([parameter.detach().flatten() for parameter in (*encoder.parameters(), *task.parameters())])
    return {**losses, "weights": [float(weights.double().square().mean())]}


@pytest.mark.parametrize("name", PRETEXT_TASKS.names())
def test_the_losses_of_a_task_stay(name, architectures):
    found = measured(name, architectures)
    assert set(found) == set(EXPECTED[name])
    for part, values in found.items():
        assert values == pytest.approx(EXPECTED[name][part], rel=1e-4), part
