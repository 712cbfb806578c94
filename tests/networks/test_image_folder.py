"""Images as files, one folder a class."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archflow.errors import ArchflowError
from archflow.networks.image_folder import read_folder
from archflow.networks.images import read_images


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        for number in range(10):
            save(tmp_path / "mine" / kind / f"{number}.png", generator.integers(0, 256, (6, 5, 3), np.uint8))
    return tmp_path / "mine"


def test_pixels_and_classes_come_back(folder: Path) -> None:
    images, labels = read_folder(folder)
    assert images.shape == (20, 3, 6, 5)
    assert labels.tolist() == ["cat"] * 10 + ["dog"] * 10
    expected = np.asarray(Image.open(folder / "dog" / "3.png"))
    np.testing.assert_array_equal(images[13], expected.transpose(2, 0, 1))


def test_a_folder_and_an_npz_of_the_same_images_are_the_same_data(folder: Path, tmp_path: Path) -> None:
    images, labels = read_folder(folder)
    np.savez(tmp_path / "mine.npz", images=images, labels=labels)
    one, other = read_images(folder), read_images(tmp_path / "mine.npz")
    assert one.image_shape == (3, 6, 5)
    assert torch.equal(one.train_images, other.train_images)
    assert torch.equal(one.test_labels, other.test_labels)


def test_grey_files_have_one_channel_whatever_their_depth(tmp_path: Path) -> None:
    save(tmp_path / "a" / "byte.png", np.full((4, 4), 40, np.uint8))
    save(tmp_path / "b" / "deep" / "word.png", np.full((4, 4), 40 * 256, np.uint16))
    images, labels = read_folder(tmp_path)
    assert images.tolist() == np.full((2, 1, 4, 4), 40).tolist()
    assert labels.tolist() == ["a", "b"]
    save(tmp_path / "c" / "colour.png", np.zeros((4, 4, 3), np.uint8))
    assert read_folder(tmp_path)[0].shape == (3, 3, 4, 4)


def test_palettes_and_transparency_become_colours(tmp_path: Path) -> None:
    colour = np.array([[[255, 0, 0]] * 4] * 4, np.uint8)
    (tmp_path / "a").mkdir()
    Image.fromarray(colour).convert("P").save(tmp_path / "a" / "palette.png")
    save(tmp_path / "a" / "transparent.png", np.concatenate([colour, np.zeros((4, 4, 1), np.uint8)], axis=2))
    images, _ = read_folder(tmp_path)
    assert (images == colour.transpose(2, 0, 1)).all()


def test_hidden_and_other_files_are_left_out(folder: Path) -> None:
    (folder / "cat" / "notes.txt").write_text("whiskers")
    (folder / "cat" / "._0.png").write_bytes(b"resource fork")
    (folder / ".cache").mkdir()
    assert len(read_folder(folder)[0]) == 20


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"\xff" * 40])
def test_a_broken_image_is_named(folder: Path, content: bytes) -> None:
    (folder / "dog" / "broken.png").write_bytes(content)
    with pytest.raises(ArchflowError, match=r"dog.broken\.png: not a .* image .*repair or remove") as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)


def test_a_truncated_image_is_named(folder: Path) -> None:
    whole = (folder / "dog" / "3.png").read_bytes()
    (folder / "dog" / "3.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchflowError, match=r"dog.3\.png: not a readable image"):
        read_folder(folder)


def test_a_pipe_or_a_device_among_the_images_is_refused_unopened(folder: Path) -> None:
    path = folder / "dog" / "10.png"
    os.mkfifo(path)
    for _ in range(2):
        with pytest.raises(ArchflowError, match=r"dog.10\.png: is a pipe or a device, not a file"):
            read_images(folder)
        path.unlink()
        path.symlink_to("/dev/zero")
    path.unlink()
    path.symlink_to(folder / "dog" / "3.png")
    assert len(read_folder(folder)[0]) == 21


def test_an_image_that_would_fill_the_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(ArchflowError, match=r"cat.0\.png: not a sound image .*decompression bomb"):
        read_folder(folder)


def test_other_sizes_and_loose_files_are_refused(folder: Path, tmp_path: Path) -> None:
    save(folder / "dog" / "big.png", np.zeros((9, 5, 3), np.uint8))
    with pytest.raises(ArchflowError, match=r"big\.png: is 5x9 pixels, .* is 5x6: bring all images to one size"):
        read_folder(folder)
    save(folder / "loose.png", np.zeros((6, 5, 3), np.uint8))
    with pytest.raises(ArchflowError, match=r"loose\.png: lies in no class"):
        read_folder(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArchflowError, match="no images: give every class a folder"):
        read_images(tmp_path / "empty")
