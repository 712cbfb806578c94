"""Rules that stop an evaluation before its last epoch: one file per rule."""

from archflow.search.stopping.base import STOPPING, Curve, StoppingRule

__all__ = ["STOPPING", "Curve", "StoppingRule"]
