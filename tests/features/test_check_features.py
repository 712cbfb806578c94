"""The contract test of features catches what breaks it."""

from dataclasses import dataclass

import numpy as np
import pytest

from archflow.features.counts import Counts
from archflow.features.slots import Slots
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.testing import check_features, random_architectures


@dataclass(frozen=True)
class FirstNode(Counts):
    def values(self, architectures: ArchitectureSet) -> np.ndarray:
        return super().values(architectures) + architectures.op[architectures.node_ptr[:-1]][:, None]


@dataclass(frozen=True)
class Standardised(Counts):
    def __call__(self, table: Table) -> np.ndarray:
        values = super().__call__(table)
        return values - values.mean(0) if len(values) else values


@dataclass(frozen=True)
class SameNames(Counts):
    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("x",) * len(self.kept)


@dataclass(frozen=True)
class Forgetful(Counts):
    def to_json(self) -> dict:
        return {**super().to_json(), "kept": list(self.kept[:-1])}


@dataclass(frozen=True)
class Infinite(Counts):
    def __call__(self, table: Table) -> np.ndarray:
        return super().__call__(table) / np.float32(0)


@dataclass(frozen=True)
class Tolerant(Counts):
    def __call__(self, table: Table) -> np.ndarray:
        graphs = table.architectures
        known = np.minimum(graphs.op, len(self.kinds.ops) - 1)
        return super().__call__(Table(graphs.replaced(op=known, vocabulary=self.vocabulary)))

    @property
    def vocabulary(self):
        from archflow.graph import Vocabulary

        return Vocabulary(self.kinds.ops)


class LocalSlots(Slots):
    local = True


@pytest.mark.parametrize(
    ("kind", "clause"),
    [
        (FirstNode, "renumbering"),
        (Standardised, "other architectures do not matter"),
        (SameNames, "a name of its own"),
        (Forgetful, "from_json"),
        (Infinite, "finite"),
        (Tolerant, "unknown operation is refused"),
        (LocalSlots, "renumbering"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_breaks_the_contract_is_caught(kind, clause):
    with pytest.raises(AssertionError, match=clause):
        check_features(kind, Table(random_architectures(30, seed=0)))
