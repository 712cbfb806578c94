from archflow.devices.device import Device
from archflow.devices.sentence import sentence
from archflow.devices.words import numbers_in


def test_numbers_that_the_words_lack_are_added():
    device = Device("board", "my board, 2 GHz", cores=4, bandwidth_gb_s=17, gpu=False, precision="int8")
    text = sentence(device)
    assert text == "my board, 2 GHz 4 cores, int8, 17 GB/s, CPU"
    said = numbers_in(text)
    assert said == {"cores": 4, "clock_ghz": 2.0, "bandwidth_gb_s": 17.0, "precision": "int8", "gpu": False}


def test_words_that_say_all_stay():
    assert sentence(Device("pi", "4 x Cortex-A76 2.4 GHz, 4 threads")) == "4 x Cortex-A76 2.4 GHz, 4 threads"
