"""Encoders as the package ships them: in half precision where that changes almost nothing, with a card beside them."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from archflow import __version__
from archflow.encoders import Encoder
from archflow.encoders.embedder import Embedder
from archflow.encoders.embedding import embed
from archflow.encoders.pretrained import Card, card, names
from archflow.files import write_json
from archflow.graph import ArchitectureSet
from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded

TOLERANCE = 1e-3
"""How far rounding the weights to float16 may move an embedding, relative to its norm."""


def ship(path: Path, embedder: Embedder, architectures: ArchitectureSet, command: str) -> Card:
    """Write an encoder and its card (`path` with the ending .json).

    Args:
        path: The encoder's file.
        embedder: Its history holds `data`, `task`, `proxies`, `epochs`, `seed`, and the `losses` of every epoch.
        architectures: The architectures that it was trained on, prepared for it.
        command: The command that made it.
    """
    encoder, history = embedder.encoder, embedder.history
    change = rounding(encoder, architectures)
    half = change <= TOLERANCE
    stored = replace(embedder, encoder=copy.deepcopy(encoder).half()) if half else embedder
    stored.save(path)
    content = path.read_bytes()
    about = Card(
        name=path.stem,
        encoder=embedder.name,
        width=encoder.width,
        rows=len(architectures),
        view=embedder.view,
        losses={part: values[-1] for part, values in history["losses"].items()},
        **{name: history[name] for name in ("data", "task", "proxies", "epochs", "seed")},
        precision="float16" if half else "float32",
        rounding=change if half else 0.0,
        archflow=__version__,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        command=command,
    )
    write_json(path.with_suffix(".json"), asdict(about))
    return about


def measured_card(about: Card, result: Mapping[str, Any]) -> Card:
    """Add figures to a card from a result of `run_protocol` with the methods "supervised" and the card's name."""
    runs = {method: {key: np.array(values) for key, values in m.items()} for method, m in result["methods"].items()}
    own, fresh = runs[about.name], runs["supervised"]
    means = {
        "tau": own["tau"].mean(),
        "tau_std": own["tau"].std(),
        "p_at_1": own["p_at_1"].mean(),
        "p_at_1_std": own["p_at_1"].std(),
        "fresh_tau": fresh["tau"].mean(),
    }
    rounded_means = {name: round(float(value), 4) for name, value in means.items()}
    return replace(about, figures={"labels": result["labels"], "runs": len(own["tau"]), **rounded_means})


def rounding(encoder: Encoder, architectures: ArchitectureSet) -> float:
    """Compute max |e' - e| / |e|, with e the architectures' embeddings and e' those by weights rounded to float16.

    NaN or infinite if a weight is outside float16's range.
    """
    exact = embed(encoder, architectures).astype(np.float64)
    moved = np.linalg.norm(embed(copy.deepcopy(encoder).half().float(), architectures) - exact, axis=1)
    return float((moved / np.maximum(np.linalg.norm(exact, axis=1), np.finfo(np.float64).tiny)).max())


def cards_table(pattern: str = "*") -> str:
    """The cards of the shipped encoders as a table in Markdown."""
    heads = (
        "name",
        "data",
        "rows",
        "task",
        "proxies",
        "width",
        "epochs",
        "seed",
        "tau",
        "fresh",
        "kB",
        "rounding",
        "sha256",
    )
    rows = [
        (
            f"`{c.name}`",
            f"`{c.data}`",
            f"{c.rows:,}",
            f"`{c.task}`",
            ", ".join(f"`{proxy}`" for proxy in c.proxies) or "none",
            str(c.width),
            str(c.epochs),
            str(c.seed),
            rounded(c.figures.get("tau"), c.figures.get("tau_std")),
            rounded(c.figures.get("fresh_tau")),
            f"{c.bytes / 1000:.0f}",
            f"{c.rounding:.1e}",
            f"`{c.sha256[:12]}`",
        )
        for c in map(card, names(pattern))
    ]
    return markdown_table(heads, rows)
