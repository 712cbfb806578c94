"""The NAS-Bench-101 search space."""

from archflow.spaces.nasbench101.space import NASBench101

__all__ = ["NASBench101"]
