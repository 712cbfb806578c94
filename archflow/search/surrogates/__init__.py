"""Models that search methods fit to what was measured: one file per model."""
