"""A user's image files: one folder per class."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from archflow.errors import ArchflowError
from archflow.files import regular_file

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
GREY_MODES = ("1", "L", "LA", "I;16", "I", "F")


def image_files(folder: Path) -> list[tuple[Path, str]]:
    """(file, class name) of every image of `folder/CLASS/**`, by path, without hidden files.

    Raises:
        ArchflowError: If the folder has no images, images outside class folders, or a pipe or device among them.
    """
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    loose = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and not path.name.startswith(".")]
    if loose:
        raise ArchflowError(f"{min(loose)}: lies in no class: give every class a folder, {folder}/CLASS/IMAGE")
    files = [
        (regular_file(path), kind.name)
        for kind in classes
        for path in sorted(kind.rglob("*"))
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".")
    ]
    if not files:
        raise ArchflowError(
            f"{folder}: no images: give every class a folder, {folder}/CLASS/IMAGE, with files {', '.join(ENDINGS)}"
        )
    return files


def read_folder(folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """All images of `folder/CLASS/**`: uint8 (N, C, H, W), and the class names (N,).

    The result has one channel if all files are grey, otherwise three; transparency is dropped.

    Raises:
        ArchflowError: If the folder has no images in class folders, images of different sizes, or a file that is not an
            image.
    """
    files = image_files(Path(folder))
    pictures = [_read(path) for path, _ in files]
    grey = all(picture.mode in GREY_MODES for picture in pictures)
    first, size = files[0][0], pictures[0].size
    for (path, _), picture in zip(files, pictures, strict=True):
        if picture.size != size:
            raise ArchflowError(
                f"{path}: is {picture.width}x{picture.height} pixels, {first} is {size[0]}x{size[1]}: "
                "bring all images to one size"
            )
    arrays = [_pixels(picture, "L" if grey else "RGB") for picture in pictures]
    return np.stack(arrays), np.array([name for _, name in files])


def _read(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # up to twice the limit, a decompression bomb only causes a warning
            with Image.open(path) as picture:
                picture.load()
                return picture.copy()
    except (OSError, ValueError, SyntaxError, EOFError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ArchflowError(f"{path}: not a readable image ({_reason(error)}): repair or remove it") from error
    except Warning as warning:
        raise ArchflowError(f"{path}: not a sound image ({_reason(warning)}): repair or remove it") from warning


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _pixels(picture: Image.Image, mode: str) -> np.ndarray:
    """uint8 (C, H, W); the upper byte of 16-bit grey values, which a conversion would clip at 255."""
    if picture.mode in ("I;16", "I"):
        picture = Image.fromarray((np.asarray(picture, np.int64) >> 8).clip(0, 255).astype(np.uint8))
    array = np.asarray(picture.convert(mode))
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
