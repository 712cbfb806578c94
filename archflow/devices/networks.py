"""Networks to measure: those of the user's code, and those of the architectures of a table."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.spaces.base import network_space

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import nn


class Networks(ABC):
    """Networks in a fixed order, each with what it is called with."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def called(self, row: int) -> str:
        """What to call a network where it is shown."""

    @abstractmethod
    def build(self, row: int) -> tuple[nn.Module, Any]:
        """A network, and its inputs as `archflow.devices.measure.latency` takes them. Raises ArchflowError."""

    @property
    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """Which networks these are, as plain JSON values."""

    @abstractmethod
    def columns(self) -> pa.Table:
        """The columns that a table of them has besides measurements, a row for each."""


@dataclass(frozen=True)
class UserNetworks(Networks):
    """Networks that the user's functions make.

    Attributes:
        sources: Where they are: `package.module:build`, a function, a class or a network.
        inputs: Where the function is that gives what each of them is called with.
    """

    sources: tuple[str, ...]
    inputs: str

    def __len__(self) -> int:
        return len(self.sources)

    def called(self, row: int) -> str:
        return self.sources[row]

    def build(self, row: int) -> tuple[nn.Module, Any]:
        from archflow.devices.user_code import made, made_network

        return made_network(self.sources[row]), made(self.inputs)

    @property
    def configuration(self) -> dict[str, Any]:
        return {"networks": list(self.sources), "inputs": self.inputs}

    def columns(self) -> pa.Table:
        import pyarrow as pa

        return pa.table({"name": list(self.sources)})


@dataclass(frozen=True)
class CellNetworks(Networks):
    """The networks of a table's architectures, for random images.

    Attributes:
        table: The file.
        space: The search space, whose `build` makes the networks.
        size: Of the networks: channels, cells_per_stage, stages; as published where not given.
        count: The first so many rows, all if None.
        batch_size: Images at once.
        resolution: Their height and width.
    """

    table: Path
    space: str
    size: Mapping[str, int]
    count: int | None = None
    batch_size: int = 1
    resolution: int = 32

    def __post_init__(self) -> None:
        whole("batch size", self.batch_size, 1, 65_536)
        whole("resolution", self.resolution, 1, 16_384)

    @cached_property
    def read(self) -> Table:
        """The rows. Raises ArchflowError if they cannot be read or are not of the space."""
        space = network_space(self.space)
        table = read_table(self.table, space.vocabulary)
        return table.select(np.arange(len(table))[: self.count])

    def __len__(self) -> int:
        return len(self.read)

    def called(self, row: int) -> str:
        return f"row {row} ({self.read.called(row)})"

    def build(self, row: int) -> tuple[nn.Module, Any]:
        import torch

        network = network_space(self.space).build(self.read.architectures[row], **self.size)
        shape = (self.batch_size, 3, self.resolution, self.resolution)
        return network, torch.randn(shape, generator=torch.Generator().manual_seed(row))

    @property
    def configuration(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.table.read_bytes()).hexdigest()
        named = {"space": self.space, "size": dict(self.size), "count": self.count}
        return {"table_sha256": digest, **named, "batch_size": self.batch_size, "resolution": self.resolution}

    def columns(self) -> pa.Table:
        return read_columns(self.table).slice(0, len(self))


def networks_of(
    sources: Sequence[str], inputs: str | None, space: str, size: Mapping[str, int], **images: int | None
) -> Networks:
    """The networks that the command line names: functions of the user's, or one table.

    Args:
        sources: `package.module:build` each, or the path of a table.
        inputs: Where the function is that gives what functions' networks are called with.
        space, size: As `CellNetworks` takes them.
        **images: count, batch_size, resolution of `CellNetworks`; those that are None have its defaults.

    Raises:
        ArchflowError: Functions without inputs, the two mixed, or several tables.
    """
    from archflow.named_objects import is_object_name

    functions = [source for source in sources if is_object_name(source)]
    if not functions and len(sources) == 1:
        given: dict[str, Any] = {name: value for name, value in images.items() if value is not None}
        return CellNetworks(Path(sources[0]), space, size, **given)
    if len(functions) < len(sources):
        raise ArchflowError(f"{' '.join(sources)}: give functions of yours as package.module:build, or a single table")
    if inputs is None:
        raise ArchflowError(f"{functions[0]}: --inputs is missing; name a function that gives what it is called with")
    return UserNetworks(tuple(functions), inputs)
