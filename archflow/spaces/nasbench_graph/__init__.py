"""The NAS-Bench-Graph search space."""

from archflow.spaces.nasbench_graph.space import NASBenchGraph, decode_hash, official_hashes

__all__ = ["NASBenchGraph", "decode_hash", "official_hashes"]
