"""Networks of four families, drawn at random: what the data set `cpu_latency` measures."""

from archflow.devices.generated.draw import FAMILIES, drawn, parsed

__all__ = ["FAMILIES", "drawn", "parsed"]
