"""The base class of importers, and the choice of one for a source."""

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
    """A model, as the user names it.

    Attributes:
        text: A path, `package.module:name`, or whatever an importer takes.
        inputs: `package.module:name` of a function that returns the arguments of a network; None if not given.
        per_example: Whether the batch size is variable, so that costs are those of one example.
    """

    text: str
    inputs: str | None = None
    per_example: bool = False


class Importer(ABC):
    """Reads models of one format.

    A class in a file of its own, registered by name:

        @IMPORTERS.register("my_format")
        class MyImporter(Importer): ...

    Attributes:
        form: What a source looks like, for messages, such as `*.onnx`.
        can_open_batch: Whether it can trace a model with a variable batch size.
    """

    form: str
    can_open_batch: ClassVar[bool] = False

    @abstractmethod
    def accepts(self, source: Source) -> bool:
        """Whether the importer can read this kind of source. It raises nothing, whatever the source is."""

    @abstractmethod
    def models(self, source: Source) -> Iterator[ImportedModel]:
        """The models of a source that `accepts` has accepted.

        Raises:
            ArchflowError: If the source cannot be imported; the message is one line and names it.
        """


IMPORTERS: Registry[type[Importer]] = Registry("importer", "archflow.importers")


def import_models(
    sources: Iterable[str], inputs: str | None = None, *, per_example: bool = False
) -> Iterator[ImportedModel]:
    """The models of sources, one after the other: see `archflow import`.

    Args:
        sources: Files, or `package.module:name`.
        inputs: `package.module:name` of the arguments of networks.
        per_example: Trace networks with a variable batch size.

    Raises:
        ArchflowError: If no importer takes a source, it cannot be imported, or its batch size cannot be variable
            because it is not a torch network; the message names the source.
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
                f"{shown(source.text)}: --per-example is for networks in torch; this model has a batch size of its own"
            )
        yield from taking.models(source)


def importer_of(source: Source) -> Importer | None:
    """The importer that takes a source; None if none does."""
    importers = (IMPORTERS.get(name)() for name in IMPORTERS.names())
    return next((each for each in importers if each.accepts(source)), None)
