"""The pre-trained encoders that ship with the package: `archflow.create("gated_gcn.fgp-nasbench201")`.

Each is a file NAME.safetensors with a card NAME.json beside it; NAME is ENCODER.TASK-DATA.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from archflow.described import parse
from archflow.encoders.embedder import Embedder
from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow.named_objects import is_object_name

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
    return parse(Card, read_json(path), f"{path}: not the card of an encoder", "install archflow again")


def is_card(path: Path) -> bool:
    """Whether a file is the card of an encoder."""
    try:
        Card(**read_json(path))
    except (ArchflowError, TypeError):
        return False
    return True


def load(name: str | Path) -> Embedder:
    """A pre-trained encoder.

    Args:
        name: One of `names()`, or the path of a file that `Embedder.save` wrote.

    Raises:
        ArchflowError: if there is no such encoder, or a file is not the one that its card describes.
    """
    if not is_shipped(name) and is_file(name):
        return Embedder.load(name)
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
    return Embedder.load(path)


def is_pretrained(name: str | Path) -> bool:
    """Whether this names a pre-trained encoder, by its name or its file, rather than a kind."""
    return is_shipped(name) or is_file(name) or ("." in str(name) and not is_object_name(str(name)))


def is_shipped(name: str | Path) -> bool:
    """Whether an encoder of this name ships with the package."""
    return str(name) in names()


def is_file(name: str | Path) -> bool:
    """Whether this is the path of an encoder's file rather than a name."""
    return str(name).endswith(".safetensors") or Path(name).is_file()
