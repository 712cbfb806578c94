"""Latency prediction: the comparison of methods, and the measurement of the package's data set."""
