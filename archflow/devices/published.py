"""The devices of published latency tables, as far as these say what they are, with numbers of the makers' sheets.

Source: HELP (Lee et al. 2021) measured NAS-Bench-201, FBNet and Once-for-all; Eagle is that of BRP-NAS (Dudziak et al.
2020), RICE that of HW-NAS-Bench (Li et al. 2021), and the third that of nn-Meter (Zhang et al. 2021).
"""

from __future__ import annotations

from collections.abc import Mapping

from archflow.devices.device import Device

_HELP = (
    Device("1080ti", "NVIDIA GeForce GTX 1080 Ti, 3584 cores 1.58 GHz, 484 GB/s, fp32, GPU", peak_gflops=11_340),
    Device("2080ti", "NVIDIA GeForce RTX 2080 Ti, 4352 cores 1.545 GHz, 616 GB/s, fp32, GPU", peak_gflops=13_450),
    Device("titan_rtx", "NVIDIA Titan RTX, 4608 cores 1.77 GHz, 672 GB/s, fp32, GPU", peak_gflops=16_310),
    Device("titanx", "NVIDIA Titan X, fp32, GPU"),
    Device("titanxp", "NVIDIA Titan Xp, 3840 cores 1.58 GHz, 548 GB/s, fp32, GPU", peak_gflops=12_150),
    Device("v100", "NVIDIA V100, 5120 cores, 900 GB/s, fp32, GPU"),
    Device("gold_6226", "Intel Xeon Gold 6226, 12 cores 2.7 GHz, CPU"),
    Device("gold_6240", "Intel Xeon Gold 6240, 18 cores 2.6 GHz, CPU"),
    Device("silver_4114", "Intel Xeon Silver 4114, 10 cores 2.2 GHz, CPU"),
    Device("silver_4210r", "Intel Xeon Silver 4210R, 10 cores 2.4 GHz, CPU"),
    Device("essential_ph", "Essential PH-1, Snapdragon 835, Kryo 280 2.45 GHz x 4 + Kryo 280 1.9 GHz x 4"),
    Device("pixel2", "Google Pixel 2, Snapdragon 835, Kryo 280 2.35 GHz x 4 + Kryo 280 1.9 GHz x 4"),
    Device("pixel3", "Google Pixel 3, Snapdragon 845, Kryo 385 2.5 GHz x 4 + Kryo 385 1.6 GHz x 4"),
    Device("samsung_a50", "Samsung Galaxy A50, Exynos 9610, Cortex-A73 2.3 GHz x 4 + Cortex-A53 1.7 GHz x 4"),
    Device("samsung_s7", "Samsung Galaxy S7, mobile phone"),
    Device("raspi4", "Raspberry Pi 4, Broadcom BCM2711, 4 x Cortex-A72 1.5 GHz"),
    Device("fpga", "Xilinx ZC706 board, FPGA, Zynq XC7Z045"),
    Device("eyeriss", "Eyeriss accelerator, 168 processing elements, 200 MHz"),
)
_EAGLE = (
    Device("eagle_cpu_855", "Snapdragon 855, Kryo 485, CPU"),
    Device("eagle_gpu_855", "Snapdragon 855, Adreno 640, mobile GPU"),
    Device("eagle_dsp_855", "Snapdragon 855, Hexagon 690, signal processor, int8"),
    Device("eagle_gtx", "NVIDIA GeForce GTX 1080 Ti, 3584 cores 1.58 GHz, 484 GB/s, fp32, GPU", peak_gflops=11_340),
    Device("eagle_i7", "Intel Core i7-7820X, 8 cores 3.6 GHz, CPU"),
    Device("eagle_jetson", "NVIDIA Jetson Nano, 128 cores, 25.6 GB/s, fp32, GPU"),
    Device("eagle_jetson_16", "NVIDIA Jetson Nano, 128 cores, 25.6 GB/s, fp16, GPU"),
    Device("eagle_tpu", "Google Edge TPU, int8"),
)
_RICE = (
    Device("rice_edgegpu", "NVIDIA Jetson TX2, 256 cores, 59.7 GB/s, GPU"),
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
