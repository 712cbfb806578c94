"""Numeric descriptions of architectures that need no learning: one file per kind of feature."""

from archflow.features.base import FEATURES, Features

__all__ = ["FEATURES", "Features"]
