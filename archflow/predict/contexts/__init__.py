"""Ways to turn the text of a context, such as a device's name, into numbers: a file for each."""

from archflow.predict.contexts.base import CONTEXTS, ContextKind

__all__ = ["CONTEXTS", "ContextKind"]
