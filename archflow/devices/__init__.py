"""What a device is, and measuring latency on this one."""

from archflow.devices.device import Device
from archflow.devices.known import find_device, known_devices, read_device

__all__ = ["Device", "find_device", "known_devices", "read_device"]
