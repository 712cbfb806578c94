"""The NAS-Bench-NLP search space."""

from archflow.spaces.nasbench_nlp.space import NASBenchNLP

__all__ = ["NASBenchNLP"]
