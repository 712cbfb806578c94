import pytest

from archflow.devices import Device
from archflow.errors import ArchflowError


def test_words_give_numbers_unless_these_are_given():
    device = Device("board", "4 x Cortex-A76 2.4 GHz, 4 threads, CPU", cores=8, bandwidth_gb_s=17)
    assert (device.cores, device.clock_ghz, device.threads, device.gpu) == (8, 2.4, 4, False)
    assert device.numbers == {"cores": 8, "clock_ghz": 2.4, "bandwidth_gb_s": 17, "gpu": 0, "threads": 4}


def test_a_name_alone_is_its_own_words():
    assert Device("Raspberry Pi 5").words == "Raspberry Pi 5"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "no name or sentence"),
        ({"name": " "}, "no name or sentence"),
        ({"name": "two\nlines"}, "no name or sentence"),
        ({"name": "x", "words": "y" * 1001}, "no name or sentence"),
        ({"name": "x", "words": "\x1b[31m"}, "no name or sentence"),
        ({"name": "x", "cores": 0}, "cores must be a whole number"),
        ({"name": "x", "cores": 2.5}, "cores must be a whole number"),
        ({"name": "x", "clock_ghz": -1.0}, "clock_ghz must be a number"),
        ({"name": "x", "peak_gflops": float("nan")}, "peak_gflops must be a number"),
        ({"name": "x", "words": "999999 GHz"}, "clock_ghz must be a number"),
        ({"name": "x", "words": "0 threads"}, "threads must be a whole number"),
    ],
)
def test_bad_input_is_one_line(given, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        Device(**given)
    assert "\n" not in str(caught.value)
