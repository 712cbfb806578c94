"""The NAS-Bench-201 search space."""

from archflow.spaces.nasbench201.space import CELL_EDGES, GRAPH_EDGES, OPERATIONS, NASBench201

__all__ = ["CELL_EDGES", "GRAPH_EDGES", "OPERATIONS", "NASBench201"]
