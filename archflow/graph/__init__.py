"""Architectures as graphs: one, many, and batches of them on a device."""

from archflow.graph.architecture import Architecture
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.vocabulary import Vocabulary

__all__ = ["Architecture", "ArchitectureSet", "Vocabulary"]
