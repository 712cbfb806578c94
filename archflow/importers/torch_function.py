"""Networks that a function of the user's builds: `package.module:build`. This runs the user's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.importers.base import IMPORTERS, Importer, Source
from archflow.importers.model import ImportedModel
from archflow.importers.torch_export import from_module
from archflow.named_objects import first_line, is_object_name, object_at


@IMPORTERS.register("torch")
class TorchImporter(Importer):
    """A network, or a function or class that makes one, in torch."""

    form = "package.module:build with --inputs package.module:example_inputs"
    can_open_batch = True

    def accepts(self, source: Source) -> bool:
        return is_object_name(source.text)

    def models(self, source: Source) -> Iterator[ImportedModel]:
        if source.inputs is None:
            raise ArchflowError(
                f"{source.text}: --inputs is missing; name a function that gives what the network is called with"
            )
        network = _made(source.text, object_at(source.text))
        if not isinstance(network, nn.Module):
            raise ArchflowError(f"{source.text}: gives a {type(network).__name__}, not a torch.nn.Module")
        inputs = _made(source.inputs, object_at(source.inputs))
        keywords = dict(inputs) if isinstance(inputs, Mapping) else {}
        positional = () if keywords else tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
        yield from_module(network, positional, keywords, name=source.text, per_example=source.per_example)


def _made(name: str, found: Any) -> Any:
    """What a function or class gives, or the object itself; on the meta device where that is possible."""
    if isinstance(found, nn.Module) or not callable(found):
        return found
    try:
        with torch.device("meta"):
            return found()
    except (RuntimeError, NotImplementedError):  # it looks at numbers, which there are none on the meta device
        pass
    except Exception as error:
        raise ArchflowError(f"{name}: fails ({first_line(error)})") from None
    try:
        return found()
    except Exception as error:
        raise ArchflowError(f"{name}: fails ({first_line(error)})") from None
