import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archflow.checkpoint import TrainingState, fingerprint, load_tensors, remove_saved, save_tensors
from archflow.errors import ArchflowError
from archflow.seeding import seeded


def test_tensors_come_back_bit_for_bit(tmp_path):
    path = tmp_path / "tensors"
    tensors = {
        "half": torch.randn(3, 4).half(),
        "strided": torch.randn(4, 6).T[::2],
        "scalar": torch.tensor(7.0),
        "ids": torch.arange(5),
        "empty": torch.zeros(0, 3),
    }
    about = {"epoch": 3, "losses": [0.1, 0.2], "name": "ü"}
    save_tensors(path, tensors, about)
    read, read_about = load_tensors(path)
    assert read_about == about
    assert read.keys() == tensors.keys()
    for name, value in tensors.items():
        assert torch.equal(read[name], value)
        assert read[name].dtype == value.dtype


@given(st.data())
def test_no_changed_byte_goes_unnoticed(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("tensors") / "tensors"
    save_tensors(path, {"a": torch.arange(6.0), "b": torch.ones(2, 2)}, {"epoch": 1})
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(ArchflowError):  # a change of white space is harmless
        tensors, about = load_tensors(path)
        assert about == {"epoch": 1}
        assert torch.equal(tensors["a"], torch.arange(6.0))
        assert torch.equal(tensors["b"], torch.ones(2, 2))


def test_fingerprints_tell_settings_and_data_apart():
    array = np.arange(4.0)
    same = [fingerprint({"a": 1, "b": 2}, array), fingerprint({"b": 2, "a": 1}, torch.from_numpy(array))]
    assert same[0] == same[1]
    assert len(same[0]) == 16
    others = [fingerprint({"a": 1, "b": 3}, array), fingerprint({"a": 1, "b": 2}, array[::-1]), fingerprint(array)]
    assert len({same[0], *others}) == 4


class Loop:
    """A module under AdamW, its steps a matter of the seed alone."""

    def __init__(self, path, key: str = "key") -> None:
        with seeded(0):
            self.model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-2)
        self.state = TrainingState(path, key, {"model": self.model}, self.optimiser)

    def steps(self, first: int, last: int) -> None:
        for epoch in range(first, last):
            with seeded(1, epoch):
                x = torch.randn(8, 3)
            self.optimiser.zero_grad()
            self.model(x).square().mean().backward()
            self.optimiser.step()


def test_a_restored_loop_is_where_it_was(tmp_path):
    whole, first, second = (Loop(tmp_path / "state") for _ in range(3))
    whole.steps(0, 9)
    assert first.state.restore() is None
    first.steps(0, 4)
    first.state.save(4, {"loss": [1.0]}, {"best": torch.ones(2)})
    restored = second.state.restore()
    assert restored is not None
    epoch, log, extra = restored
    assert (epoch, log) == (4, {"loss": [1.0]})
    assert torch.equal(extra["best"], torch.ones(2))
    second.steps(4, 9)
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_state_before_the_first_step_is_a_state(tmp_path, caplog):
    first, second = Loop(tmp_path / "state"), Loop(tmp_path / "state")
    first.state.save(0, [])
    with caplog.at_level("DEBUG", "archflow"):
        assert second.state.restore() == (0, [], {})
    assert caplog.messages == [f"{tmp_path / 'state'}: resumes after epoch 0"]
    first.steps(0, 2)
    second.steps(0, 2)
    for ours, theirs in zip(second.model.parameters(), first.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_state_with_another_key_is_refused_and_kept(tmp_path):
    path = tmp_path / "state"
    Loop(path).state.save(1, [])
    content = path.read_bytes()
    with pytest.raises(ArchflowError, match=f"{path}: an unfinished run with other settings or data"):
        Loop(path, "other").state.restore()
    assert path.read_bytes() == content


def test_weights_are_no_training_state(tmp_path):
    path = tmp_path / "state"
    save_tensors(path, {"a": torch.zeros(1)}, {"encoder": "gin"})
    with pytest.raises(ArchflowError, match="other settings or data"):
        Loop(path).state.restore()
    save_tensors(path, {"a": torch.zeros(1)}, ["not", "a", "state"])
    with pytest.raises(ArchflowError, match=str(path)):
        Loop(path).state.restore()


def test_seeds_decide_alone_and_leave_the_callers_randomness():
    before = torch.random.get_rng_state()
    with seeded(3, 5):
        first = torch.randn(4)
    torch.manual_seed(0)
    torch.randn(3)
    with seeded(3, 5):
        assert torch.equal(torch.randn(4), first)
    for keys in ((3, 6), (5, 3), (3,), (-3, 5)):
        with seeded(*keys):
            assert not torch.equal(torch.randn(4), first)
    torch.random.set_rng_state(before)
    with seeded(1):
        torch.randn(2)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_file_that_cannot_be_read_is_not_called_missing(tmp_path, monkeypatch):
    with pytest.raises(ArchflowError, match="state: no such file"):
        load_tensors(tmp_path / "state")
    with pytest.raises(ArchflowError, match=r"cannot be read \(Is a directory\)"):
        load_tensors(tmp_path)
    save_tensors(tmp_path / "state", {"a": torch.zeros(1)}, {})

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "open", refuse)
    with pytest.raises(ArchflowError, match=r"state: cannot be read \(Permission denied\)"):
        load_tensors(tmp_path / "state")


def test_only_saved_files_are_removed(tmp_path):
    save_tensors(tmp_path / "ours", {"a": torch.zeros(1)}, {})
    (tmp_path / "mine").write_text("mine")
    remove_saved(tmp_path / name for name in ("ours", "mine", "absent"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_full_disk_leaves_the_old_tensors(tmp_path, monkeypatch):
    path = tmp_path / "state"
    save_tensors(path, {"a": torch.zeros(1)}, {})
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", refuse)
    with pytest.raises(ArchflowError, match=r"state: could not be written \(No space left on device\)"):
        save_tensors(path, {"a": torch.ones(1)}, {})
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["state"]
