"""The methods that the study compares: one file per kind, found by the registry."""

from archflow_reproduce.latency.methods.base import METHODS, LatencyTask, Method, chosen_methods

__all__ = ["METHODS", "LatencyTask", "Method", "chosen_methods"]
