"""An encoder for tests: small, and not trained."""

import numpy as np

from archflow.encoders import create
from archflow.search.embeddings import Embed


def embed(problem) -> Embed:
    return Embed(create("gin", problem.space.sample(8, np.random.default_rng(0)), width=4, seed=0))
