"""The description of a kind of result on the page, and what all sections have in common."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.printable import shown
from archflow_reproduce.results.record import Record


@dataclass(frozen=True)
class Kind:
    """How the page shows records of a kind.

    Attributes:
        name: The kind, as in records.
        title: The heading of all its results.
        shape: Shape of the parts of a record that the page shows (`archflow.described`).
        section: Renders one result as Markdown, from the file's name, the record, and the link to the folder.
        lead: A paragraph below the heading.
        expected: Whether the page says so if there is no result.
    """

    name: str
    title: str
    shape: Any
    section: Callable[[str, Record, str], str]
    lead: str = ""
    expected: bool = True

    def markdown(self, path: Path, record: Record, place: str) -> str:
        """Render one result, whose record has the shape.

        Args:
            path: Its file.
            record: The record.
            place: The link to the folder.

        Raises:
            ArchflowError: If parts of the record do not fit together, such as a method that only one table has.
        """
        try:
            return self.section(path.name, record, place)
        except (LookupError, ValueError) as error:
            what = f"one lacks {shown(error.args[0])}" if isinstance(error, KeyError) else "they differ in length"
            raise ArchflowError(
                f"{path}: its parts do not fit together ({what}); measure again, or delete the file"
            ) from error


def made_by(record: Record, name: str, place: str) -> str:
    """The file's link, the date and version of the measurement, and the command, wrapped."""
    later = "" if record.recorded == Record.recorded else f"; recorded {record.recorded}"
    return (
        f"[`{name}`]({place}/{name}): archflow {record.archflow}"
        + (f" at `{record.commit}`" if record.commit else "")
        + f", {record.date[:10]}{later}\n\n```sh\n{folded(record.command)}\n```"
    )


def folded(command: str) -> str:
    """A command line over several lines, broken between its arguments."""
    words = [shlex.quote(word).replace(" ", "\0") for word in shlex.split(command)]
    lines = textwrap.wrap(
        " ".join(words), 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return " \\\n".join(lines).replace("\0", " ")


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings on one line: `name value`, nested ones by their path."""
    return ", ".join(f"{name} {_value(value)}" for name, value in _flat(settings).items())


def _flat(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{path}{name}.") if isinstance(value, Mapping) else {f"{path}{name}": value}
    return flat


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def paragraphs(*parts: str) -> str:
    """The parts separated by empty lines; empty parts are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part)


def each(values: Sequence[int]) -> str:
    """One number if all are equal, otherwise all."""
    return " · ".join(f"{value:,}" for value in (values[:1] if len(set(values)) == 1 else values))
