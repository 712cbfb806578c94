"""One study per file: what it measures, and its result as JSON values."""
