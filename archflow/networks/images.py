"""Labelled images to train networks on: scikit-learn's digits, or a user's own `.npz` file or folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.npz import read_arrays

SHARES = (0.6, 0.2, 0.2)
"""Fractions of a user's images for training, validation and test."""


@dataclass(frozen=True)
class ImageData:
    """Three splits of one image classification task.

    Images are float32 (N, C, H, W), standardised with the mean and deviation of the training images; labels are int64
    (N,) in 0..classes-1.
    """

    name: str
    classes: int
    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, channels, height, width = self.train_images.shape
        return channels, height, width


@dataclass(frozen=True)
class DigitsDifficulty:
    """How the 1,797 digits of scikit-learn (8x8 pixels, grey values 0..1) are made hard enough to distinguish networks.

    Attributes:
        train: Number of training originals.
        validation: Number of validation originals; the remaining ones are for the test.
        canvas: Height and width in pixels, at least 8, of the empty image in which a digit is placed at random.
        noise: Standard deviation of the normal noise added to every pixel.
        train_copies: Images made from each training original, each with its own offset and noise.
        copies: Images made from each validation and test original.
        seed: Seed of the split, the offsets and the noise. All networks see the same images.
    """

    train: int = 600
    validation: int = 400
    canvas: int = 8
    noise: float = 0.4
    train_copies: int = 3
    copies: int = 3
    seed: int = 0


def digits(difficulty: DigitsDifficulty = DigitsDifficulty()) -> ImageData:
    """The digits of scikit-learn (optical recognition of handwritten digits, UCI), shifted and noisy.

    Raises:
        ArchflowError: If there are not enough images for the split, the canvas is under 8 pixels, or the noise is
            negative.
    """
    from sklearn.datasets import load_digits

    pixels, labels = (np.asarray(part) for part in load_digits(return_X_y=True))
    originals = pixels.reshape(-1, 8, 8).astype(np.float32) / 16
    total, need = len(originals), difficulty.train + difficulty.validation
    if difficulty.train < 1 or difficulty.validation < 1 or need >= total:
        raise ArchflowError(
            f"digits: {difficulty.train} training and {difficulty.validation} validation images leave no test set: "
            f"give at least 1 of each and fewer than {total} together"
        )
    if difficulty.canvas < 8 or difficulty.noise < 0 or min(difficulty.copies, difficulty.train_copies) < 1:
        raise ArchflowError("digits: give a canvas of at least 8 pixels, noise of at least 0 and at least 1 copy")
    generator = np.random.default_rng(difficulty.seed)
    order = generator.permutation(total)
    parts = np.split(order, [difficulty.train, need])
    copies = (difficulty.train_copies, difficulty.copies, difficulty.copies)
    parts = [np.tile(part, count) for part, count in zip(parts, copies, strict=True)]
    images = [_placed(originals[part], difficulty, generator) for part in parts]
    return _standardised("digits", 10, images, [labels[part] for part in parts])


def _placed(originals: np.ndarray, difficulty: DigitsDifficulty, generator: np.random.Generator) -> np.ndarray:
    """Originals (N, 8, 8) -> noisy images (N, 1, canvas, canvas), each digit at a random offset."""
    count, size = len(originals), difficulty.canvas
    shift = generator.integers(0, size - 8 + 1, (2, count, 1))
    rows, columns = shift + np.arange(8)
    images = generator.normal(0, difficulty.noise, (count, size, size)).astype(np.float32)
    images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]] += originals
    return images[:, None]


def read_images(path: str | Path, seed: int = 0) -> ImageData:
    """Read a user's images: a folder with one folder of image files per class, or an `.npz` file.

    See `archflow.networks.image_folder` for folders. An `.npz` file has the arrays `images` and `labels`. `images` is
    (N, H, W), (N, C, H, W) or (N, H, W, C) of numbers, distinguished by the number of channels (at most 4; (N, C, H, W)
    wins if both fit); `labels` is (N,) of any integers or strings. Both kinds are split at random 60/20/20 within every
    class.

    Raises:
        ArchflowError: If there is no such file or folder, shapes do not fit, numbers are not finite, or a class has
            fewer than five images.
    """
    path = Path(path)
    if path.is_dir():
        from archflow.networks.image_folder import read_folder

        images, labels = read_folder(path)
    elif path.exists():
        images, labels = read_arrays(path, "images", "labels")
    else:
        raise ArchflowError(
            f"{path}: no such file or folder: "
            "give a folder of images by class, or an .npz file with the arrays images and labels"
        )
    images = _channels_first(path, images)
    if labels.shape != (len(images),):
        raise ArchflowError(
            f"{path}: labels have shape {labels.shape}, images {images.shape}: give one label for each image"
        )
    if labels.dtype.kind not in "iuUS":
        raise ArchflowError(f"{path}: labels are {labels.dtype}: give integers or strings, one of each class")
    names, codes = np.unique(labels, return_inverse=True)
    counts = np.bincount(codes)
    if len(names) < 2:
        raise ArchflowError(f"{path}: {len(labels)} images of {len(names)} class(es): give at least two classes")
    if counts.min() < 5:
        rare = names[counts.argmin()]
        raise ArchflowError(
            f"{path}: class {rare!s} has {counts.min()} images: give at least 5 of each, they are split in three"
        )
    if not np.isfinite(images).all():
        row = int(np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))[0])
        raise ArchflowError(f"{path}: image {row} holds NaN or infinite numbers: remove or correct it")
    parts = _split_within_classes(codes, np.random.default_rng(seed))
    return _standardised(path.name, len(names), [images[part] for part in parts], [codes[part] for part in parts])


def _channels_first(path: Path, images: np.ndarray) -> np.ndarray:
    """Any of the accepted shapes -> float32 (N, C, H, W)."""
    if images.dtype.kind not in "fiub":
        raise ArchflowError(f"{path}: images are {images.dtype}: give integers or floats")
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] > 4 and images.shape[3] <= 4:
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] > 4:
        raise ArchflowError(
            f"{path}: images have shape {images.shape}: give (N, H, W), (N, C, H, W) or (N, H, W, C) with C at most 4"
        )
    if min(images.shape[1:]) < 1 or min(images.shape[2:]) < 4:
        raise ArchflowError(
            f"{path}: images of {images.shape[2]}x{images.shape[3]} pixels are too small: give at least 4x4"
        )
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, which the caller reports
        return np.ascontiguousarray(images, dtype=np.float32)


def _split_within_classes(codes: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    parts: list[list[np.ndarray]] = [[], [], []]
    for code in range(codes.max() + 1):
        rows = generator.permutation(np.flatnonzero(codes == code))
        held = [max(1, round(len(rows) * share)) for share in SHARES[1:]]
        train = len(rows) - sum(held)
        for part, piece in zip(parts, np.split(rows, [train, train + held[0]]), strict=True):
            part.append(piece)
    return [generator.permutation(np.concatenate(part)) for part in parts]


def _standardised(name: str, classes: int, images: list[np.ndarray], labels: list[np.ndarray]) -> ImageData:
    """Three splits (N, C, H, W) -> `ImageData` with mean 0 and deviation 1 per channel over the training images."""
    mean = images[0].mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    deviation = images[0].std(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    deviation = np.where(deviation > 0, deviation, 1)
    parts = [torch.from_numpy(((part - mean) / deviation).astype(np.float32)) for part in images]
    codes = [torch.from_numpy(part.astype(np.int64)) for part in labels]
    return ImageData(name, classes, parts[0], codes[0], parts[1], codes[1], parts[2], codes[2])
