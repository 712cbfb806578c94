"""Which architectures may serve as negatives of each other."""

import numpy as np
import torch
from torch import Tensor

from archflow.graph import ArchitectureSet


def graph_classes(architectures: ArchitectureSet) -> Tensor:
    """(N,) index of each architecture's isomorphism class; isomorphic ones are not negatives of each other."""
    return torch.from_numpy(np.unique(architectures.hashes, return_inverse=True)[1].astype(np.int64))
