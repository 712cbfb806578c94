"""What an importer is, and how one is found for a source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from archflow.errors import ArchflowError
from archflow.importers.model import ImportedModel
from archflow.printable import shown
from archflow.registry import Registry


@dataclass(frozen=True)
class Source:
    """What a user names as a model.

    Attributes:
        text: A path, `package.module:name`, or whatever an importer takes.
        inputs: `package.module:name` of a function that gives what a network is called with; None if not given.
        per_example: Whether the batch is left open, so that costs are those of one example.
    """

    text: str
    inputs: str | None = None
    per_example: bool = False


class Importer(ABC):
    """Reads models of one form.

    A class in a file of its own, registered by name:

        @IMPORTERS.register("my_format")
        class MyImporter(Importer): ...

    Attributes:
        form: What a source looks like, for messages: `*.onnx`.
        can_open_batch: Whether it can leave the batch of a model open.
    """

    form: str
    can_open_batch: ClassVar[bool] = False

    @abstractmethod
    def accepts(self, source: Source) -> bool:
        """Whether a source looks like one of this importer's. Nothing is raised, whatever the source is."""

    @abstractmethod
    def models(self, source: Source) -> Iterator[ImportedModel]:
        """The models of a source that it accepts.

        Raises:
            ArchflowError: If the source cannot be imported; the message, one line, names it.
        """


IMPORTERS: Registry[type[Importer]] = Registry("importer", "archflow.importers")


def import_models(
    sources: Iterable[str], inputs: str | None = None, *, per_example: bool = False
) -> Iterator[ImportedModel]:
    """The models of sources, one after the other: see `archflow import`.

    Args:
        sources: Files, or `package.module:name`.
        inputs: `package.module:name` of what networks are called with.
        per_example: Leave the batch of networks open.

    Raises:
        ArchflowError: If no importer takes a source, it cannot be imported, or its batch size cannot be left open as it
            is not a torch network; the message names the source.
    """
    for text in sources:
        source = Source(str(text), inputs, per_example)
        taking = importer_of(source)
        if taking is None:
            if source.text and Path(source.text).is_dir():
                files = Path(source.text, "*.onnx")
                raise ArchflowError(f"{shown(source.text)}: is a folder; give the files in it, such as {files}")
            forms = "; ".join(dict.fromkeys(IMPORTERS.get(name).form for name in IMPORTERS.names()))
            raise ArchflowError(f"{shown(source.text)}: is nothing that can be imported; give one of: {forms}")
        if per_example and not taking.can_open_batch:
            raise ArchflowError(
                f"{shown(source.text)}: costs per example are counted of networks in torch; this states its own batch"
            )
        yield from taking.models(source)


def importer_of(source: Source) -> Importer | None:
    """The importer that takes a source; None if none does."""
    importers = (IMPORTERS.get(name)() for name in IMPORTERS.names())
    return next((each for each in importers if each.accepts(source)), None)
