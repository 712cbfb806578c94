"""The DARTS search space, which is also that of NAS-Bench-301."""

from archflow.spaces.darts.graph import joined, separated
from archflow.spaces.darts.space import DARTS

__all__ = ["DARTS", "joined", "separated"]
