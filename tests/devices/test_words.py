import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.devices.words import numbers_in


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads", {"cores": 4, "clock_ghz": 2.4, "threads": 4}),
        ("Rockchip RK3399 (Cortex-A72 1.8GHz x 2 + Cortex-A53 1.5GHz x 4)", {"cores": 6, "clock_ghz": 1.8}),
        ("Snapdragon 855+ (Kyro485 2.96 GHz + 2.42 GHz x 3 + 1.80 GHz x 4)", {"cores": 8, "clock_ghz": 2.96}),
        ("Amlogic S805 (Cortex-A5, 4 × 1.536GHz)", {"cores": 4, "clock_ghz": 1.536}),
        ("RK3588 (Quad Core A76 2.4GHz + Quad Core A55 1.8GHz)", {"cores": 8, "clock_ghz": 2.4}),
        ("Xeon Phi 3120A (1.10 GHz 57-core 228-thread)", {"cores": 57, "clock_ghz": 1.1, "threads": 228}),
        ("HUAWEI Kunpeng 920 7260 (x64 cores)", {"cores": 64}),
        ("(Carmel 2.2 GHz x 8 + Volta Tensor Cores 64)", {"cores": 8, "clock_ghz": 2.2}),
        ("(NV-Denver2 2.0Ghz x 2 + 256-core NVIDIA Pascal iGPU)", {"cores": 2, "clock_ghz": 2.0}),
        ("C906, 1 GHz x 1 + 700MHz x 1", {"cores": 2, "clock_ghz": 1.0}),
        ("accelerator, 2 TB/s, 19.5 TFLOPS, BF16, GPU", {"bandwidth_gb_s": 2000.0, "peak_gflops": 19500.0}),
        ("Intel Atom x5-Z8350", {}),
        ("Snapdragon 8 Gen 2", {}),
    ],
)
def test_what_is_said(words, said):
    found = numbers_in(words)
    assert {name: found[name] for name in found if name not in ("precision", "gpu")} == said


def test_what_computes_and_how():
    assert numbers_in("NVIDIA T4 GPU, fp16") == {"gpu": True, "precision": "fp16"}
    assert numbers_in("Xeon, CPU") == {"gpu": False}
    assert numbers_in("Linux guest with GPU-PV enabled (Core i7, GPU 1.1 units)") == {}


@given(st.integers(1, 512), st.integers(1, 99), st.integers(1, 256))
def test_what_a_user_writes_comes_back(cores, tenths, threads):
    said = numbers_in(f"my board, {cores} x Cortex-A76 {tenths / 10} GHz, {threads} threads")
    assert said == {"cores": cores, "clock_ghz": tenths / 10, "threads": threads}


@given(st.text(max_size=60))
def test_any_text_can_be_read(words):
    assert all(value is not None for value in numbers_in(words).values())
