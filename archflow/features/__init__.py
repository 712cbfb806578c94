"""What can be said of an architecture in numbers without learning anything: a file per kind of feature."""

from archflow.features.base import FEATURES, Features

__all__ = ["FEATURES", "Features"]
