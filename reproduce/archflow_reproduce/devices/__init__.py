"""Latency on devices of which little or nothing is measured: ncnn's benchmark, and NASFLAT's tasks."""
