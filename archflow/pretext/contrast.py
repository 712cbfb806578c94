"""Which architectures may stand against each other as different ones."""

import numpy as np
import torch
from torch import Tensor

from archflow.graph import ArchitectureSet


def graph_classes(architectures: ArchitectureSet) -> Tensor:
    """(N,) the number of every architecture's isomorphism class: equal architectures are no negatives of each other."""
    return torch.from_numpy(np.unique(architectures.hashes, return_inverse=True)[1].astype(np.int64))
