"""The latency tables of the study: one file per source, found by the registry."""

from archflow_reproduce.latency.tables.base import TABLES, LatencyTable, Source, chosen_tables

__all__ = ["TABLES", "LatencyTable", "Source", "chosen_tables"]
