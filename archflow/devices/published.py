"""The devices of published latency tables, as far as these say what they are. No number of a maker's sheet is given.

Source: HELP (Lee et al. 2021) measured NAS-Bench-201, FBNet and Once-for-all; Eagle is that of BRP-NAS (Dudziak et al.
2020), RICE that of HW-NAS-Bench (Li et al. 2021), and the third that of nn-Meter (Zhang et al. 2021).
"""

from __future__ import annotations

from collections.abc import Mapping

from archflow.devices.device import Device

_HELP = (
    Device("1080ti", "NVIDIA GeForce GTX 1080 Ti, fp32, GPU"),
    Device("2080ti", "NVIDIA GeForce RTX 2080 Ti, fp32, GPU"),
    Device("titan_rtx", "NVIDIA Titan RTX, fp32, GPU"),
    Device("titanx", "NVIDIA Titan X, fp32, GPU"),
    Device("titanxp", "NVIDIA Titan Xp, fp32, GPU"),
    Device("v100", "NVIDIA V100, fp32, GPU"),
    Device("gold_6226", "Intel Xeon Gold 6226, CPU"),
    Device("gold_6240", "Intel Xeon Gold 6240, CPU"),
    Device("silver_4114", "Intel Xeon Silver 4114, CPU"),
    Device("silver_4210r", "Intel Xeon Silver 4210R, CPU"),
    Device("essential_ph", "Essential PH-1, Snapdragon 835, Kryo 280"),
    Device("pixel2", "Google Pixel 2, Snapdragon 835, Kryo 280"),
    Device("pixel3", "Google Pixel 3, Snapdragon 845, Kryo 385"),
    Device("samsung_a50", "Samsung Galaxy A50, Exynos 9610, Cortex-A73 and Cortex-A53"),
    Device("samsung_s7", "Samsung Galaxy S7, mobile phone"),
    Device("raspi4", "Raspberry Pi 4, Cortex-A72"),
    Device("fpga", "Xilinx ZC706 board, FPGA"),
    Device("eyeriss", "Eyeriss accelerator"),
)
_EAGLE = (
    Device("eagle_cpu_855", "Snapdragon 855, Kryo 485, CPU"),
    Device("eagle_gpu_855", "Snapdragon 855, Adreno 640, mobile GPU"),
    Device("eagle_dsp_855", "Snapdragon 855, Hexagon 690, signal processor, int8"),
    Device("eagle_gtx", "NVIDIA GeForce GTX 1080 Ti, fp32, GPU"),
    Device("eagle_i7", "Intel Core i7-7820X, CPU"),
    Device("eagle_jetson", "NVIDIA Jetson Nano, fp32, GPU"),
    Device("eagle_jetson_16", "NVIDIA Jetson Nano, fp16, GPU"),
    Device("eagle_tpu", "Google Edge TPU, int8"),
)
_RICE = (
    Device("rice_edgegpu", "NVIDIA Jetson TX2, GPU"),
    Device("rice_edgetpu", "Google Edge TPU, Dev Board, int8"),
)
_NN_METER = (
    Device("true_630", "Adreno 630, mobile GPU"),
    Device("true_640", "Adreno 640, mobile GPU"),
    Device("true_a76", "Cortex-A76, mobile CPU"),
    Device("true_vpu", "Intel Movidius Myriad, vision processor"),
)
PUBLISHED: Mapping[str, Device] = {device.name: device for device in (*_HELP, *_EAGLE, *_RICE, *_NN_METER)}
"""The devices by name."""

SYNONYMS: Mapping[str, str] = {
    "titan_xp": "titanxp",
    "essential_ph_1": "essential_ph",
    **{f"rice_{name}": name for name in ("eyeriss", "fpga", "pixel3", "raspi4")},
    **{name: f"rice_{name}" for name in ("edgegpu", "edgetpu")},
}
"""Other names of theirs, as tables have them."""

PREFIXES = ("help_", "oneproxy_", "cifar10_", "cifar100_", "in16_")
"""What a column's name begins with: who measured, or on what."""
