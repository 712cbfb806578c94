"""The sections of the results page: one file per kind of result."""
