"""The pre-trained encoders that ship with the package: `archflow.encoder("gated_gcn.fgp-nasbench201")`.

Each is a file NAME.safetensors with a card NAME.json beside it; NAME is ENCODER.TASK-DATA.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from archflow.encoders.base import Encoder
from archflow.encoders.saved import load_encoder
from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow.graph import Vocabulary

FOLDER = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class Card:
    """What a shipped encoder is, and how it was made.

    encoder: its registered name. rows: of the data, all of which it saw, without labels. view: in which form it saw
    them (`archflow.graph.effective.VIEWS`). losses: of the last epoch. precision: of the stored weights; they are
    float32 once loaded. rounding: the largest change of an embedding by that, in norms of the embedding. archflow: the
    version that made it. sha256: of the file, which has `bytes` bytes. command: makes it anew, from the root of the
    repository. figures: what it gives for few labels of the same data by FGP's protocol (`archflow bench shipped`):
    `labels`, `runs`, `tau` and `p_at_1` with their population standard deviations `tau_std` and `p_at_1_std`, and
    `fresh_tau` of the same encoder without pre-training; empty if that was not measured.
    """

    name: str
    encoder: str
    width: int
    data: str
    rows: int
    task: str
    proxies: list[str]
    epochs: int
    seed: int
    view: str
    losses: dict[str, float]
    precision: str
    rounding: float
    archflow: str
    bytes: int
    sha256: str
    command: str
    figures: Mapping[str, float] = field(default_factory=dict)


def names(pattern: str = "*") -> list[str]:
    """The names that fit a pattern such as `gated_gcn.*`, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if fnmatchcase(path.stem, pattern))


def card(name: str) -> Card:
    """The card of a shipped encoder. Raises ArchflowError with the nearest names if there is none of that name."""
    if name not in names():
        near = names(f"{name}*")[:3] or difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise ArchflowError(f"no pre-trained encoder is called {name!r}; {hint}there are: {', '.join(names())}")
    path = FOLDER / f"{name}.json"
    try:
        return Card(**read_json(path))
    except TypeError as error:
        raise ArchflowError(f"{path}: not the card of an encoder ({error}); install archflow again") from None


def encoder(name: str | Path) -> tuple[Encoder, Vocabulary]:
    """A pre-trained encoder and the operations it knows: `Predictor(*encoder(name))` starts from it.

    name: one of `names()`, or the path of a file that `save_encoder` wrote.

    Raises as `load` does.
    """
    return load(name)[:2]


def load(name: str | Path) -> tuple[Encoder, Vocabulary, dict[str, Any]]:
    """As `encoder`, with how the file says that it was trained; its "view" is the form in which the encoder was shown
    architectures (`archflow.graph.effective.VIEWS`), if not whole.

    Raises ArchflowError if there is no such encoder, and if a file is not the one that its card describes.
    """
    if str(name) not in names() and (str(name).endswith(".safetensors") or Path(name).is_file()):
        return load_encoder(name)
    about = card(str(name))
    path = FOLDER / f"{name}.safetensors"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror}); install archflow again") from None
    if found != about.sha256:
        raise ArchflowError(
            f"{path}: altered: its sha256 begins with {found[:12]}, its card says {str(about.sha256)[:12]}; "
            "install archflow again"
        )
    return load_encoder(path)
