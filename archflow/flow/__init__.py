"""How information flows through an architecture."""

from archflow.flow.surrogate import FlowSurrogate

__all__ = ["FlowSurrogate"]
