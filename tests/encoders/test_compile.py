"""`torch.compile` takes encoders on a set of which nothing is derived yet. Four of them: each takes seconds."""

import numpy as np
import pytest
import torch

from archflow.encoders import ENCODERS
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow.testing import random_architectures, settled
from tests.cell_pairs import paired


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own code
@pytest.mark.parametrize("name", ["gated_gcn", "pace", "transformer"])
def test_a_compiled_encoder_gives_the_same_numbers(name):
    architectures = random_architectures(8, seed=9)
    if ENCODERS.get(name).reads_pairs:
        architectures = paired(architectures)
    with seeded(0):
        encoder = settled(ENCODERS.get(name)(len(architectures.vocabulary), width=16), architectures).eval()
    torch.compiler.reset()
    with torch.no_grad():
        compiled = torch.compile(encoder, backend="eager")(Batch(architectures.select(np.arange(len(architectures)))))
        assert torch.equal(compiled, encoder(Batch(architectures)))
