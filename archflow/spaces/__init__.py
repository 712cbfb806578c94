"""Search spaces: one file a space."""

from archflow.spaces.base import SPACES, SearchSpace
from archflow.spaces.nasbench201 import NASBench201

__all__ = ["SPACES", "NASBench201", "SearchSpace"]
