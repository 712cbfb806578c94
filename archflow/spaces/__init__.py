"""Search spaces: one file a space."""

from archflow.spaces.base import SPACES, NetworkSpace, SearchSpace
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.sampling import sample_classes

__all__ = ["SPACES", "NASBench201", "NetworkSpace", "SearchSpace", "sample_classes"]
