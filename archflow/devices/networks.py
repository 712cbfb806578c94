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


GENERATED = "generated"
"""The name that stands in place of a search space's for tables of generated networks."""

COSTS = ("params", "macs", "bytes")
"""What a table says of the user's networks beside their latency."""


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
        """The columns of a table of them other than measurements, one row for each."""


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
        """Their names, and costs where they can be exported."""
        import pyarrow as pa

        costs = [self._costs(row) for row in range(len(self))]
        return pa.table({"name": list(self.sources), **{name: [each.get(name) for each in costs] for name in COSTS}})

    def _costs(self, row: int) -> Mapping[str, float]:
        from archflow.devices.user_code import call_of
        from archflow.importers.torch_export import from_module

        network, inputs = self.build(row)
        try:
            return from_module(network, *call_of(inputs)).columns
        except ArchflowError:  # it is measured nevertheless
            return {}


@dataclass(frozen=True)
class CellNetworks(Networks):
    """The networks of a table's architectures, for random images.

    Attributes:
        table: The file.
        space: The search space, whose `build` makes the networks.
        size: The size of the networks: channels, cells_per_stage, stages; as published where not given.
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


@dataclass(frozen=True)
class GeneratedNetworks(Networks):
    """The networks of `archflow.devices.generated` that a table describes, such as the data set `cpu_latency`.

    Attributes:
        table: The file; its column `native` holds the descriptions.
        count: The first so many rows, all if None.
    """

    table: Path
    count: int | None = None

    @cached_property
    def read(self) -> Table:
        """The rows."""
        table = read_table(self.table)
        if table.native is None:
            raise ArchflowError(f"{self.table}: no column native, which describes generated networks")
        return table.select(np.arange(len(table))[: self.count])

    def __len__(self) -> int:
        return len(self.read)

    def called(self, row: int) -> str:
        from archflow.devices.generated import parsed

        return f"row {row} ({parsed(self._native(row)).family})"

    def build(self, row: int) -> tuple[nn.Module, Any]:
        from archflow.devices.generated import parsed

        return parsed(self._native(row)).build(row)

    def _native(self, row: int) -> str:
        assert self.read.native is not None
        return self.read.native[row]

    @property
    def configuration(self) -> dict[str, Any]:
        return {"table_sha256": hashlib.sha256(self.table.read_bytes()).hexdigest(), "count": self.count}

    def columns(self) -> pa.Table:
        return read_columns(self.table).slice(0, len(self))


def networks_of(
    sources: Sequence[str], inputs: str | None, space: str, size: Mapping[str, int], **images: int | None
) -> Networks:
    """The networks that the command line names: functions of the user's, or one table.

    Args:
        sources: `package.module:build` each, or the path of a table.
        inputs: Where the function is that gives what functions' networks are called with.
        space, size: As `CellNetworks` takes them; the space `generated` stands for `GeneratedNetworks`.
        **images: count, batch_size, resolution of `CellNetworks`; those that are None have its defaults.

    Raises:
        ArchflowError: If functions lack inputs, functions and tables are mixed, or there are several tables.
    """
    from archflow.named_objects import is_object_name

    functions = [source for source in sources if is_object_name(source)]
    if not functions and len(sources) == 1:
        given: dict[str, Any] = {name: value for name, value in images.items() if value is not None}
        if space == GENERATED:
            return _generated(Path(sources[0]), size, given)
        return CellNetworks(Path(sources[0]), space, size, **given)
    if len(functions) < len(sources):
        raise ArchflowError(f"{' '.join(sources)}: give functions of yours as package.module:build, or a single table")
    if inputs is None:
        raise ArchflowError(f"{functions[0]}: --inputs is missing; name a function that gives what it is called with")
    return UserNetworks(tuple(functions), inputs)


def _generated(table: Path, size: Mapping[str, int], given: Mapping[str, Any]) -> GeneratedNetworks:
    others = [*size, *(name for name in given if name != "count")]
    if others:
        raise ArchflowError(f"--{others[0].replace('_', '-')}: generated networks say this themselves; leave it out")
    return GeneratedNetworks(table, **given)
