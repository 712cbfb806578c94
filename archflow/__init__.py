"""archflow: machine learning on neural architectures."""

__version__ = "0.1.0"
