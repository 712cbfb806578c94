"""Operations and attributes of nodes by their position in the architecture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import Features
from archflow.features.kinds import Kinds
from archflow.features.varying import blocks, distinct, telling_apart, typical
from archflow.graph import ArchitectureSet
from archflow.graph.attributes import telling
from archflow.graph.ragged import Ints
from archflow.graph.table import Table

BOUND = 1024
"""The maximum number of columns: hundreds of labels cannot use more, and 5,000 rows of this many are 20 MB."""

PLACES = 64
"""The number of positions with columns, from each end."""


@dataclass(frozen=True)
class Indicators:
    """Columns that are 1 in the rows in which a code occurs, and 0 in others.

    Attributes:
        codes: The code of each column, ascending.
    """

    codes: tuple[int, ...]

    @classmethod
    def of(cls, codes: Ints, owner: Ints, rows: int, bound: int = BOUND) -> Self:
        """Choose columns from codes (M,) with their rows (M,).

        Candidates occur in some but not all rows; if there are too many, those that split the rows most evenly are
        chosen.
        """
        if not len(codes):
            return cls(())
        order = np.lexsort((owner, codes))
        codes, owner = codes[order], owner[order]
        fresh = (np.diff(codes, prepend=codes[0] - 1) > 0) | (np.diff(owner, prepend=-1) != 0)
        found, count = np.unique(codes[fresh], return_counts=True)
        found, count = found[count < rows], count[count < rows]
        best = np.argsort(-count * (rows - count), kind="stable")[:bound]
        return cls(tuple(np.sort(found[best]).tolist()))

    def values(self, codes: Ints, owner: Ints, rows: int) -> NDArray[np.float32]:
        """(rows, C) indicators for other codes (M,) and the rows that own them."""
        result = np.zeros((rows, len(self.codes)), np.float32)
        if self.codes:
            known = np.array(self.codes)
            column = np.searchsorted(known, codes).clip(max=len(known) - 1)
            there = known[column] == codes
            result[owner[there], column[there]] = 1
        return result

    @classmethod
    def from_json(cls, given: Any, below: int) -> Self:
        """Restore from codes. Raises ArchflowError unless they ascend and lie below `below`."""
        codes = saved.integers(given, "codes", below)
        if list(codes) != sorted(set(codes)):
            raise saved.damaged("codes do not ascend")
        return cls(codes)


@dataclass(frozen=True)
class Placed(Features):
    """The kind of node at each position, and its attributes.

    Attributes:
        kinds: The kinds of nodes.
        present: Indicators of kinds at positions. The code of a kind at a position is `place * len(kinds) + kind`.
        attributes: Columns of an attribute at a position.
    """

    kinds: Kinds
    present: Indicators
    attributes: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        architectures = typical(table.architectures)
        features = cls(Kinds.of(architectures), Indicators(()), ())
        if not cls.applies(architectures):
            return features
        present = Indicators.of(*features.codes(architectures), len(architectures))
        node, place = features.places(architectures)
        found = []
        for name in (architectures.attribute_names[i] for i in telling(architectures.attribute_names)):
            there = ~np.isnan(architectures.attribute(name)[node])
            counts = np.bincount(place[there], minlength=2 * PLACES)
            found += [(-int(counts[each]), name, int(each)) for each in np.flatnonzero(counts)]
        attributes = tuple((name, each) for _, name, each in sorted(found)[:BOUND])
        features = cls(features.kinds, present, attributes)
        kept = set(telling_apart(features(Table(architectures))).tolist())
        codes = tuple(code for column, code in enumerate(present.codes) if column in kept)
        attributes = tuple(each for column, each in enumerate(attributes, len(present.codes)) if column in kept)
        return cls(features.kinds, Indicators(codes), attributes)

    @classmethod
    @abstractmethod
    def applies(cls, architectures: ArchitectureSet) -> bool:
        """Whether positions are meaningful in architectures such as these; otherwise there are no columns."""

    @abstractmethod
    def places(self, architectures: ArchitectureSet) -> tuple[Ints, Ints]:
        """Nodes (M,) and their positions, from 0 to 2 * PLACES - 1; no two nodes of a row share one."""

    @abstractmethod
    def called(self, place: int) -> str:
        """The name of a position."""

    def codes(self, architectures: ArchitectureSet) -> tuple[Ints, Ints]:
        """Codes (M,) of kinds at positions, and the rows that own them."""
        node, place = self.places(architectures)
        return place * len(self.kinds) + self.kinds.of_nodes(architectures)[node], architectures.node_owner[node]

    def code_name(self, code: int) -> str:
        """The name of a code."""
        place, kind = divmod(code, len(self.kinds))
        return f"{self.called(place)}:{self.kinds.names[kind]}"

    @property
    def all_codes(self) -> int:
        """The upper bound of codes, exclusive."""
        return 2 * PLACES * len(self.kinds)

    @property
    def operations(self) -> tuple[str, ...]:
        return self.kinds.ops

    @cached_property
    def names(self) -> tuple[str, ...]:
        attributes = (f"{name}:{self.called(place)}" for name, place in self.attributes)
        return tuple(distinct([*map(self.code_name, self.present.codes), *attributes]))

    def __call__(self, table: Table) -> NDArray[np.float32]:
        architectures = self.kinds.recoded(table.architectures)
        result = np.empty((len(architectures), len(self.names)), np.float32)
        if self.names and len(architectures):
            for rows in blocks(architectures):
                whole = len(rows) == len(architectures)
                result[rows] = self._values(architectures if whole else architectures.select(rows))
        return result

    def _values(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        present = self.present.values(*self.codes(architectures), len(architectures))
        node, place = self.places(architectures)
        order = np.argsort(place, kind="stable")
        bounds = np.searchsorted(place[order], np.arange(2 * PLACES + 1))
        values = np.full((len(architectures), len(self.attributes)), np.nan, np.float32)
        for column, (name, each) in enumerate(self.attributes):
            nodes = node[order[bounds[each] : bounds[each + 1]]]
            values[architectures.node_owner[nodes], column] = architectures.attribute(name)[nodes]
        return np.concatenate([present, values], 1)

    def to_json(self) -> dict[str, Any]:
        attributes = [[name, place] for name, place in self.attributes]
        return {"kinds": self.kinds.to_json(), "codes": list(self.present.codes), "attributes": attributes}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        features = cls(Kinds.from_json(saved.entry(about, "kinds")), Indicators(()), ())
        present = Indicators.from_json(saved.entry(about, "codes"), features.all_codes)
        attributes = []
        for name, place in saved.lists(about, "attributes", 2):
            if not isinstance(name, str):
                raise saved.damaged("an attribute has no name")
            attributes.append((name, *saved.integers([place], "attributes", 2 * PLACES)))
        return cls(features.kinds, present, tuple(attributes))
