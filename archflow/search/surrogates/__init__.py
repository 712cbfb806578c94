"""Models that search methods fit to measurements: one file per model."""
