"""The sections of the results page: a file a kind of result."""
