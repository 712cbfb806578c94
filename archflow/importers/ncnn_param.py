"""ncnn's `.param` files: a line for each layer, its inputs, outputs and numbered parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import reason, regular_file
from archflow.importers.base import IMPORTERS, Importer, Source
from archflow.importers.model import ImportedModel, imported
from archflow.importers.ncnn_layers import SHAPE_HINT, Layer, Numbers, put_layer
from archflow.importers.steps import MOST_STEPS, Shape, Steps
from archflow.printable import shown

MAGIC = "7767517"
_LARGEST = 1 << 28
"""Bytes of a file of text."""


@IMPORTERS.register("ncnn")
class NcnnImporter(Importer):
    """Imports graphs of ncnn, without their weights."""

    form = "*.param"

    def accepts(self, source: Source) -> bool:
        return source.text.endswith(".param")

    def models(self, source: Source) -> Iterator[ImportedModel]:
        yield from_param(source.text)


def from_param(path: str | Path) -> ImportedModel:
    """The graph of a `.param` file.

    Raises:
        ArchflowError: If the file has another form; the message names the file and the line.
    """
    path = Path(path)
    try:
        if regular_file(path).stat().st_size > _LARGEST:
            raise ArchflowError(f"{path}: is larger than any graph in ncnn's text")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArchflowError(f"{path}: cannot be read as text ({reason(error)})") from None
    try:
        return _model(path.stem, lines)
    except ArchflowError as error:
        raise ArchflowError(f"{path}: {error}") from None


def _model(name: str, lines: list[str]) -> ImportedModel:
    if not lines or lines[0].strip() != MAGIC:
        raise ArchflowError(f"is no .param file of ncnn: it does not begin with {MAGIC}")
    steps, blobs, taken = Steps(), dict[str, int](), set[str]()
    for number, line in enumerate(lines[2:], 3):
        if not line.strip():
            continue
        try:
            layer, inputs, outputs = _layer(line.split())
        except (ValueError, IndexError):
            raise ArchflowError(f"line {number} is no layer: {shown(line)}") from None
        missing = next((blob for blob in inputs if blob not in blobs), None)
        if missing is not None:
            raise ArchflowError(f"line {number} takes {shown(missing)}, which no line before it gives")
        taken.update(inputs)
        step = put_layer(steps, layer, [blobs[blob] for blob in inputs])
        blobs.update(_results(steps, step, layer, outputs))
    return imported(name, steps, [step for blob, step in blobs.items() if blob not in taken])


def _results(steps: Steps, step: int, layer: Layer, outputs: list[str]) -> Iterator[tuple[str, int]]:
    """The results of a layer by name, each with its own shape where that is said."""
    for place, name in enumerate(outputs):
        shape = layer.shapes[place] if place < len(layer.shapes) else None
        yield name, step if place == 0 or shape is None else steps.apply("identity", [step], shape)


def _layer(words: list[str]) -> tuple[Layer, list[str], list[str]]:
    """A layer, and the names of its operands and results. Raises ValueError or IndexError for any other line."""
    kind, name, given, gives = words[0], words[1], int(words[2]), int(words[3])
    if not (0 <= given <= MOST_STEPS and 0 < gives <= MOST_STEPS):
        raise ValueError
    blobs = words[4 : 4 + given + gives]
    if len(blobs) < given + gives:
        raise IndexError
    numbers = parsed_numbers(words[4 + given + gives :])
    hint = numbers.get(SHAPE_HINT)
    return Layer(kind, name, numbers, shapes_of(hint if isinstance(hint, list) else [])), blobs[:given], blobs[given:]


def parsed_numbers(words: list[str]) -> Numbers:
    """Parameters by number: `0=3` is a number; `-23303=2,1,1`, a count and as many numbers, is the list 3.

    Raises ValueError for anything else.
    """
    found: dict[int, float | list[float]] = {}
    for word in words:
        key, _, value = word.partition("=")
        number = int(key)
        if number <= -23300:
            found[-23300 - number] = [_number(each) for each in value.split(",")[1:]]
        elif "," in value:
            found[number] = [_number(each) for each in value.split(",")]
        else:
            found[number] = _number(value)
    return found


def shapes_of(hint: list[float]) -> list[Shape]:
    """Shapes (batch of 1, channels, height, width) that a hint gives.

    A hint has rank, width, height and channels of one shape after the other. Four numbers are there for every rank, or
    as many as it says.
    """
    found: list[Shape] = []
    at = 0
    while at < len(hint) and 1 <= hint[at] <= 4:
        rank = int(hint[at])
        sizes = [int(size) for size in hint[at + 1 : at + 4]]
        found.append((1, *sizes[:rank][::-1]))
        at += 4
    return found


def _number(text: str) -> float:
    """A number; NaN for a text in its place, which has no meaning here."""
    try:
        return float(text)
    except ValueError:
        if text.startswith('"'):
            return 0.0
        raise
