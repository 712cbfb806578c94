"""What a kind of result is known by and told under, and what all sections say alike."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archflow.recipes.presets import VIEWED

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of result file.

    keys: those that every such file has, and files of the kinds behind it in the list do not. title: over all its
    results. section: Markdown of one result, from the file's name, its content, and the folder as the page links it.
    lead: a paragraph below the title. command: the one that makes such files, if the page says that it is missing.
    """

    keys: frozenset[str]
    title: str
    section: Callable[[str, Result, str], str]
    lead: str = ""
    command: str = ""


def command(verb: str, options: Mapping[str, Any]) -> str:
    """`archflow bench` with these options; those that are None or False are left out, those that are True are flags."""
    given = [(key, value) for key, value in options.items() if value is not None and value is not False]
    return " ".join(["archflow bench", verb, *(f"--{key}" + f" {value}" * (value is not True) for key, value in given)])


def view_option(protocols: Iterable[Mapping[str, Any]]) -> str | None:
    """The view that a command must name so that all protocols come out: one that an encoder is not shown by default.
    Results from before there were views saw whole architectures."""
    seen = {(protocol["encoder"], protocol.get("view", "whole")) for protocol in protocols}
    return next((view for encoder, view in sorted(seen) if view != VIEWED.get(encoder, "whole")), None)


def out_option(name: str, place: str) -> str:
    """Where the command is to write a result, from the root of the repository."""
    return f"{Path(place).name}/{name}"


def made_by(command: str, name: str, place: str) -> str:
    """The file's link and the command that makes it, in lines that fit."""
    lines = textwrap.wrap(command, 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return f"[`{name}`]({place}/{name}) is made by\n\n```sh\n" + " \\\n".join(lines) + "\n```"


def paragraphs(*parts: str) -> str:
    """The parts with an empty line between them."""
    return "\n\n".join(part.strip("\n") for part in parts)


def each(values: Sequence[int]) -> str:
    """One number if all are equal."""
    return " · ".join(f"{value:,}" for value in (values[:1] if len(set(values)) == 1 else values))
