"""A job that computes the zero-cost proxies of the networks of a search space or a table."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.labelling import Results, label_architectures
from archflow.data.labelling_job import image_configuration, image_source, is_job_card
from archflow.data.trained_accuracy import alone_on_a_core, loaded_images, network_for
from archflow.errors import ArchflowError
from archflow.files import check_writable, write_json
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.graph.columns import read_columns, write_columns
from archflow.graph.table import Table, read_table
from archflow.outputs import Output, check_outputs, same_file
from archflow.spaces import sample_classes
from archflow.spaces.base import network_space

if TYPE_CHECKING:
    from archflow.networks.images import ImageData
    from archflow.progress import Progress

PREFIX = "zc_"
"""Prefix of the names of the proxies' columns."""


@dataclass(frozen=True)
class NetworkProxies:
    """Computes proxies of an untrained network of `space` on one thread; proxies that are not finite are left out.

    Attributes:
        images: Makes the images, once in each process.
        names: Names of the proxies.
        batch_size: The number of training images in the batch, which are the first ones.
        size: Size of the network, as for the space's `build`: channels, cells_per_stage, stages.
        device: The PyTorch device.
    """

    space: str
    images: Callable[[], ImageData]
    names: tuple[str, ...]
    batch_size: int
    size: Mapping[str, int]
    device: str = "cpu"

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        from archflow.networks.zero_cost import zero_cost

        data = loaded_images(self.images)
        images, labels = data.train_images[: self.batch_size], data.train_labels[: self.batch_size]
        with alone_on_a_core(), _collected_later():
            network = network_for(data, self.space, architecture, self.size, seed)
            values = zero_cost(network.to(self.device), images, labels, self.names, seed)
        return {name: value for name, value in values.items() if math.isfinite(value)}


@contextmanager
def _collected_later() -> Iterator[None]:
    """Suspend garbage collection within the block.

    Building and copying a network creates so many objects that scanning them takes a tenth of the time, although none
    of them is garbage yet.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class ProxyJob:
    """Proxies of `count` architectures of `space`, no two isomorphic, or of the rows of a table.

    Attributes:
        table: The file that holds the architectures, or None to draw them.
        count: How many to draw, at least 1; for a table, how many of its first rows to use, None for all.
        data: `digits`, or the path of an `.npz` file or image folder (see `archflow.networks.images.read_images`).
        names: Names in `archflow.networks.zero_cost.PROXIES`.
        seed: Draws the weights, and whatever else a proxy draws.
        sample_seed: Draws the architectures.
        size: Size of the networks: channels, cells_per_stage, stages; see `archflow.spaces.NetworkSpace`.
    """

    space: str
    table: Path | None
    count: int | None
    data: str
    names: tuple[str, ...]
    batch_size: int
    seed: int
    sample_seed: int
    size: dict[str, int]
    device: str = "cpu"

    def architectures(self) -> ArchitectureSet:
        """The architectures whose proxies are computed.

        Raises ArchflowError if there is no count to draw, or the table cannot be read or is not of the space.
        """
        space = network_space(self.space)
        if self.table is not None:
            everything = read_table(self.table, space.vocabulary).architectures
            return everything.select(np.arange(len(everything))[: self.count])
        if self.count is None:
            raise ArchflowError(f"{self.space}: say with --count how many architectures to draw, or give a --table")
        return sample_classes(space, self.count, np.random.default_rng(self.sample_seed))

    def outputs(self, out: Path) -> list[Output]:
        """The files that `run` writes, to check beforehand. It may extend the table that holds the architectures.

        The journal itself knows whether it is of this job.
        """
        check_writable(out)  # an empty name has no card beside it
        card, journal = out.with_suffix(".proxies.json"), journal_of(out)

        def own(path: Path) -> bool:
            extended = self.table is not None and same_file(path, self.table)
            return extended or journal.is_file() or is_job_card(card)

        return [
            Output("--out", out, "a table", TABLE_ENDINGS, own),
            Output("its card", card, own=is_job_card),
            Output("its journal", journal, own=Path.is_file),
        ]

    def run(
        self, architectures: ArchitectureSet, out: str | Path, processes: int, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Write the table to `out`, and its card beside it with the ending `.proxies.json`; return the card.

        Each proxy is a column `zc_NAME`, empty where it is missing. A table's own columns are kept, except those of the
        same names. The journal is `out` with `.proxies.journal.jsonl` appended; it is removed when everything is
        written, so that the next job can extend the same table.

        Args:
            architectures: The result of `architectures()`.

        Raises:
            ArchflowError: If the space, a proxy or the device is unknown or the images cannot be used, and as for
                `label_architectures`.
        """
        from archflow.networks.zero_cost import PROXIES

        out = Path(out)
        check_outputs(*self.outputs(out), force=True)  # whether files may be replaced is for the caller to check
        space = network_space(self.space)
        for name in self.names:
            PROXIES.get(name)
        images = image_source(self.data)
        example = images()
        if not 2 <= self.batch_size <= len(example.train_labels):
            raise ArchflowError(
                f"{self.data}: a batch of {self.batch_size} cannot be taken from {len(example.train_labels)} training "
                "images: give --batch-size at least 2 and no more than there are"
            )
        _check_device(self.device)
        configuration = self._configuration()
        journal = journal_of(out)
        results = label_architectures(
            architectures,
            NetworkProxies(self.space, images, self.names, self.batch_size, self.size, self.device),
            [self.seed],
            journal,
            configuration,
            processes=processes,
            progress=progress,
        )
        columns = proxy_columns(results, len(architectures), self.seed, self.names)
        if self.table is None:
            native = [space.format(architecture) for architecture in architectures]
            Table(architectures, columns, native).write(out)
        else:
            _write_beside(self.table, columns, out)
        card = {
            "configuration": configuration,
            "images": {"batch": self.batch_size, "shape": list(example.image_shape), "classes": example.classes},
            "rows": len(architectures),
            "failures": len(architectures) - len(results),
            "missing": {name: int(np.isnan(values).sum()) for name, values in columns.items()},
        }
        write_json(out.with_suffix(".proxies.json"), card)
        journal.unlink()
        return card

    def _configuration(self) -> dict[str, Any]:
        """Everything that determines the proxies, other than the architectures, as plain JSON values."""
        configuration = asdict(self) | image_configuration(self.data)
        drawn = ("table", "count", "sample_seed")
        return {key: value for key, value in configuration.items() if key not in drawn} | {"names": list(self.names)}


def journal_of(out: Path) -> Path:
    """The journal of finished items beside the table `out`."""
    return out.with_name(f"{out.name}.proxies.journal.jsonl")


def proxy_columns(results: Results, count: int, seed: int, names: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Results -> columns (N,) by `zc_NAME`, NaN where a proxy is missing."""
    return {
        PREFIX + name: np.array([results.get((row, seed), {}).get(name, np.nan) for row in range(count)])
        for name in names
    }


def _check_device(name: str) -> None:
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ArchflowError(
            f"device {name!r}: {str(error).splitlines()[0]}; give --device cpu, or cuda where there is one"
        ) from None


def _write_beside(table: Path, columns: Mapping[str, NDArray[np.float64]], out: Path) -> None:
    """Write the table's columns unchanged, including texts, then the new ones; rows after the last value stay empty."""
    import pyarrow as pa

    content = read_columns(table)
    content = content.drop_columns([name for name in columns if name in content.column_names])
    for name, values in columns.items():
        padded = np.pad(values, (0, len(content) - len(values)), constant_values=np.nan)
        content = content.append_column(name, pa.array(padded, mask=np.isnan(padded)))
    write_columns(out, content)
