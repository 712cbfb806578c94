"""Data sets by name, splits, proxies, the embedded benchmark and the jobs that label architectures."""

from archflow.data.benchmarks import BENCHMARKS, Benchmark, load

__all__ = ["BENCHMARKS", "Benchmark", "load"]
