"""The hierarchical search space."""

from archflow.spaces.hierarchical.space import Hierarchical

__all__ = ["Hierarchical"]
