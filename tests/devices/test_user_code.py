import pytest
from torch import nn

from archflow.devices.user_code import made, made_network
from archflow.errors import ArchflowError


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_nets.py").write_text(
        "from torch import nn\n"
        "class Small(nn.Linear):\n    def __init__(self):\n        super().__init__(2, 3)\n"
        "ready = Small()\n"
        "def build():\n    return ready\n"
        "def number():\n    return 5\n"
        "def broken():\n    raise RuntimeError('first\\nsecond')\n"
    )


def test_functions_classes_and_networks_are_networks():
    assert made_network("their_nets:build") is made_network("their_nets:ready")
    assert isinstance(made_network("their_nets:Small"), nn.Linear)
    assert made("their_nets:number") == 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("their_nets", "not of the form"),
        ("their_nets:", "not of the form"),
        ("no_such:build", "no_such:build: cannot be imported .ModuleNotFoundError"),
        ("their_nets:missing", "cannot be imported .AttributeError"),
        ("their_nets:broken", r"their_nets:broken: fails \(RuntimeError: first\)"),
        ("their_nets:number", "gives a int, not a torch.nn.Module"),
    ],
)
def test_what_is_no_network_is_one_line(name, message):
    with pytest.raises(ArchflowError, match=message):
        made_network(name)
