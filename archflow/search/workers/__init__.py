"""Workers: one file per way to run evaluations."""

from archflow.search.workers.base import Finished, Job, Watch, Workers

__all__ = ["Finished", "Job", "Watch", "Workers"]
