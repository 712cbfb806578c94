"""Latency of real models: PaddleX's networks, NeuSight's transformers, and pre-training on graphs without labels."""
