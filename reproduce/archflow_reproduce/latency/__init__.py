"""Predicting latency: the study of methods, and the measuring of the data set that the package carries."""
