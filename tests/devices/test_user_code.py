import pytest
from torch import nn

from archflow.devices.user_code import made, made_network
from archflow.errors import ArchflowError


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "networks_of_theirs.py").write_text(
        "from torch import nn\n"
        "class Small(nn.Linear):\n    def __init__(self):\n        super().__init__(2, 3)\n"
        "ready = Small()\n"
        "def build():\n    return ready\n"
        "def number():\n    return 5\n"
        "def broken():\n    raise RuntimeError('first\\nsecond')\n"
    )


def test_functions_classes_and_networks_are_networks():
    assert made_network("networks_of_theirs:build") is made_network("networks_of_theirs:ready")
    assert isinstance(made_network("networks_of_theirs:Small"), nn.Linear)
    assert made("networks_of_theirs:number") == 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("networks_of_theirs", "not of the form"),
        ("networks_of_theirs:", "not of the form"),
        ("no_such:build", "no_such:build: cannot be imported .ModuleNotFoundError"),
        ("networks_of_theirs:missing", "cannot be imported .AttributeError"),
        ("networks_of_theirs:broken", r"networks_of_theirs:broken: fails \(RuntimeError: first\)"),
        ("networks_of_theirs:number", "gives a int, not a torch.nn.Module"),
    ],
)
def test_what_is_no_network_is_one_line(name, message):
    with pytest.raises(ArchflowError, match=message):
        made_network(name)
