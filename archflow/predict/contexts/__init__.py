"""Ways to turn the text of a context, such as a device's name, into numbers: one file per way."""

from archflow.predict.contexts.base import CONTEXTS, ContextKind

__all__ = ["CONTEXTS", "ContextKind"]
