"""Latency on devices with few or no measurements: ncnn's benchmark and NASFLAT's tasks."""
