import pytest
import torch
from torch import nn

from archflow.devices.measure import COLUMNS, Latency, latency
from archflow.devices.timing import Protocol
from archflow.devices.yardstick import Yardstick
from archflow.errors import ArchflowError

SHORT = Protocol(warm_up=1, runs=3, seconds=1e-6)


def ticking(step=0.002):
    """A clock that is read before and after every run."""
    now = 0.0

    def clock():
        nonlocal now
        now += step
        return now

    return clock


class Watched(nn.Module):
    """Notes how it is called."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.dropout = nn.Dropout()

    def forward(self, first, second=None):
        self.seen.append((self.training, torch.is_inference_mode_enabled(), torch.get_num_threads(), second))
        return first


def test_the_protocol_stands_beside_the_number():
    found = latency(Watched(), torch.zeros(2), SHORT, clock=ticking())
    assert (found.latency_ms, found.latency_ms_low, found.latency_ms_high) == pytest.approx((2.0, 2.0, 2.0))
    assert (found.runs, found.passes, found.threads, found.mode) == (6, 2, 1, "eager")
    assert found.torch == torch.__version__
    assert set(Latency.__dataclass_fields__) == set(COLUMNS)


def test_a_network_runs_in_evaluation_mode_and_is_as_before():
    network = Watched().train()
    network.dropout.eval()
    latency(network, (torch.zeros(2), 7), SHORT, clock=ticking())
    assert set(network.seen) == {(False, True, 1, 7)}
    assert len(network.seen) == 1 + 2 * (1 + 3)
    assert network.training
    assert not network.dropout.training
    latency(network, {"first": torch.zeros(2), "second": 8}, SHORT, clock=ticking())
    assert network.seen[-1][-1] == 8


def test_compiled_networks_are_compiled(monkeypatch):
    made = []
    monkeypatch.setattr(torch, "compile", lambda call: made.append(call) or call)
    monkeypatch.setattr(torch.compiler, "reset", lambda: None)  # it imports the compiler, which takes long
    found = latency(Watched(), torch.zeros(2), Protocol(runs=3, seconds=1e-6, compiled=True), clock=ticking())
    assert found.mode == "compiled"
    assert len(made) == 1


def test_what_cannot_be_run_is_one_line():
    with pytest.raises(ArchflowError, match=r"cannot be run with these inputs .RuntimeError: ") as caught:
        latency(nn.Linear(3, 2), torch.zeros(1, 4), SHORT)
    assert "\n" not in str(caught.value)
    with pytest.raises(ArchflowError, match="the network is on meta; move it to the CPU"):
        latency(nn.Linear(3, 2, device="meta"), torch.zeros(1, 3), SHORT)


def test_a_real_network_takes_some_time():
    found = latency(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8), Protocol(runs=3, seconds=1e-6, agree=1.0, passes=999))
    assert 0 < found.latency_ms_low <= found.latency_ms <= found.latency_ms_high


def test_a_loaded_machine_is_noticed():
    """A yardstick whose work takes three times as long from some moment on."""
    clock, looks = ticking(), iter(range(10**6))
    yardstick = Yardstick(clock=clock)
    yardstick.work = lambda: [clock() for _ in range(10 if next(looks) > 200 else 0)] and None
    with pytest.raises(ArchflowError, match="runs are undisturbed"):
        latency(Watched(), torch.zeros(2), Protocol(runs=999, seconds=0.5), yardstick=yardstick, clock=clock)


def test_without_a_compiler_one_line_says_so(monkeypatch):
    class InvalidCxxCompiler(RuntimeError):
        pass

    def compiled(call):
        def run():
            raise InvalidCxxCompiler("No working C++ compiler found")

        return run

    monkeypatch.setattr(torch, "compile", compiled)
    monkeypatch.setattr(torch.compiler, "reset", lambda: None)
    with pytest.raises(ArchflowError, match="finds no C\\+\\+ compiler; install one"):
        latency(Watched(), torch.zeros(2), Protocol(compiled=True))
