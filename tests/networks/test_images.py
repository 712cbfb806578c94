import io
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.networks.images import DigitsDifficulty, digits, read_images


def write(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
    return path


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {"images": generator.normal(3, 2, (60, 6, 5)), "labels": np.repeat(["cat", "dog", "eel"], 20)}


def test_digits_are_standardised_and_split() -> None:
    data = digits(DigitsDifficulty(train=500, validation=300, train_copies=2, copies=3))
    assert data.image_shape == (1, 8, 8)
    assert [len(part) for part in (data.train_labels, data.validation_labels, data.test_labels)] == [1000, 900, 2991]
    assert data.train_images.mean().abs() < 1e-5
    assert data.train_images.std() == pytest.approx(1, abs=1e-3)
    assert set(data.test_labels.tolist()) == set(range(10))


def test_digits_parts_share_no_original() -> None:
    quiet = DigitsDifficulty(train=800, validation=400, canvas=8, noise=0, train_copies=1, copies=1)
    data = digits(quiet)
    parts = [data.train_images, data.validation_images, data.test_images]
    assert sum(len(part) for part in parts) == 1797
    from sklearn.datasets import load_digits

    originals = {row.tobytes() for row in load_digits().data.astype(np.float32)}
    pixels = torch.cat(parts).flatten(1)
    scaled = (pixels - pixels.min()) / (pixels.max() - pixels.min()) * 16
    assert {row.round().numpy().tobytes() for row in scaled} == originals


def test_digits_lie_whole_on_the_canvas() -> None:
    data = digits(DigitsDifficulty(canvas=12, noise=0, train=5, validation=5, train_copies=20))
    background = data.train_images.min()
    ink = (data.train_images > background).any(dim=1)
    places = {(tuple(image.any(1).tolist()), tuple(image.any(0).tolist())) for image in ink}
    assert len(places) > 5
    assert all(sum(rows) <= 8 and sum(columns) <= 8 for rows, columns in places)
    total = (data.train_images - background).sum(dim=(1, 2, 3)).reshape(20, 5)
    torch.testing.assert_close(total, total[:1].expand_as(total))  # copies of one original: the same ink


def test_digits_follow_their_seed() -> None:
    first, again, other = (digits(DigitsDifficulty(seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first.test_images, again.test_images)
    assert not torch.equal(first.test_images, other.test_images)


@pytest.mark.parametrize(
    "difficulty",
    [
        DigitsDifficulty(train=1500, validation=400),
        DigitsDifficulty(train=0),
        DigitsDifficulty(canvas=7),
        DigitsDifficulty(noise=-1),
        DigitsDifficulty(copies=0),
    ],
)
def test_impossible_difficulties_are_refused(difficulty: DigitsDifficulty) -> None:
    with pytest.raises(ArchflowError, match="digits"):
        digits(difficulty)


def test_user_images_are_split_within_classes(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    data = read_images(write(tmp_path / "mine.npz", **arrays))
    assert (data.name, data.classes, data.image_shape) == ("mine.npz", 3, (1, 6, 5))
    for labels, count in ((data.train_labels, 12), (data.validation_labels, 4), (data.test_labels, 4)):
        assert torch.bincount(labels).tolist() == [count] * 3
    everything = torch.cat([data.train_images, data.validation_images, data.test_images])
    assert len(everything.flatten(1).unique(dim=0)) == 60


def test_layouts_mean_the_same(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    images = np.stack([arrays["images"]] * 3, axis=1)
    first = read_images(write(tmp_path / "a.npz", images=images, labels=arrays["labels"]))
    last = read_images(write(tmp_path / "b.npz", images=images.transpose(0, 2, 3, 1), labels=arrays["labels"]))
    assert first.image_shape == last.image_shape == (3, 6, 5)
    assert torch.equal(first.train_images, last.train_images)


def hostile(**changes: np.ndarray) -> dict[str, np.ndarray]:
    base = {"images": np.arange(60 * 36, dtype=float).reshape(60, 6, 6), "labels": np.arange(60) % 3}
    return {**base, **changes}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (hostile(labels=np.arange(59) % 3), "one label for each image"),
        (hostile(labels=np.zeros(60, int)), "at least two classes"),
        (hostile(labels=np.arange(60) % 3 + 0.5), "integers or strings"),
        (hostile(labels=np.r_[np.zeros(58, int), 1, 1]), "class 1 has 2 images"),
        (hostile(images=np.where(np.arange(60)[:, None, None] == 7, np.nan, np.ones((60, 6, 6)))), "image 7 "),
        (hostile(images=np.full((60, 6, 6), 1e300)), "image 0 "),
        (hostile(images=np.zeros((60, 36))), "shape"),
        (hostile(images=np.zeros((60, 6, 6, 9))), "shape"),
        (hostile(images=np.zeros((60, 2, 2))), "too small"),
        (hostile(images=np.zeros((60, 6, 6), complex)), "complex"),
        (hostile(images=np.zeros((0, 6, 6)), labels=np.zeros(0, int)), "0 images"),
        ({"images": np.zeros((60, 6, 6))}, "no array labels"),
        ({}, "no array images and labels"),
    ],
)
def test_hostile_arrays_get_one_clear_line(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    path = write(tmp_path / "hostile.npz", **arrays)
    with pytest.raises(ArchflowError, match=message) as caught:
        read_images(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    objects = np.array([Bomb()] * 6, dtype=object)
    path = write(tmp_path / "objects.npz", images=objects, labels=np.arange(6))
    with pytest.raises(ArchflowError, match="plain arrays"):
        read_images(path)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ArchflowError, match="plain arrays"):
        read_images(path)


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArchflowError, match="no such file"):
        read_images(tmp_path / "missing.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ArchflowError, match="plain arrays"):
        read_images(tmp_path / "one.npy")
    with zipfile.ZipFile(tmp_path / "raw.npz", "w") as archive:
        archive.writestr("images", b"abc")
        archive.writestr("labels", b"abc")
    with pytest.raises(ArchflowError, match="plain arrays"):
        read_images(tmp_path / "raw.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ArchflowError, match="plain arrays"):
        read_images(tmp_path / "text.npz")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, **hostile())  # pyright: ignore[reportArgumentType]
    content = bytearray(file.getvalue())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(3):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    with suppress(ArchflowError):  # anything else fails the test
        read_images(path)
