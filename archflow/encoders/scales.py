"""How node attributes are scaled before an encoder reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from archflow.described import parse
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.attributes import POSITION

DECADES = 100.0
"""An attribute is scaled by its logarithm from this ratio of its largest to its smallest positive value on."""


_Float32 = Annotated[float, Interval(ge=-1e39, le=1e39)]
_Above0 = Annotated[float, Interval(ge=1e-46, le=1e39)]

SMALLEST = 1e-9
"""Below this fraction of the mean (or of 1), a standard deviation is attributed to rounding."""

ScaleDescription = tuple[str, _Above0 | None, _Float32, _Above0]
"""One scale in the result of `AttributeScales.to_json`: name, unit, mean, std; attributes are float32."""


@dataclass(frozen=True)
class AttributeScale:
    """The scaling of one attribute to mean 0 and variance 1 over the nodes that have it.

    Attributes:
        name: The attribute.
        unit: For values that span decades, which become asinh(value / unit): logarithmic for large values, and defined
            at zero and below. None if the scale is linear.
        mean, std: Mean and standard deviation of the values, after asinh if there is a unit.
    """

    name: str
    unit: float | None
    mean: float
    std: float

    def __call__(self, values: NDArray) -> NDArray[np.float32]:
        """(V,) scaled values; NaN stays NaN."""
        return ((self.seen(values) - self.mean) / self.std).astype(np.float32)

    def seen(self, values: NDArray) -> NDArray[np.float64]:
        """(V,) values before they are centred: their asinh, if there is a unit."""
        seen = values.astype(np.float64)
        return seen if self.unit is None else np.arcsinh(seen / self.unit)


@dataclass(frozen=True)
class AttributeScales:
    """The attributes that an encoder reads, in order, and the scale of each."""

    scales: tuple[AttributeScale, ...] = ()

    def __len__(self) -> int:
        return len(self.scales)

    @classmethod
    def of(cls, architectures: ArchitectureSet) -> AttributeScales:
        """The scales of all attributes of these architectures, by name."""
        found = []
        names = sorted(architectures.attribute_names)
        lowest, highest = dict.fromkeys(names, np.inf), dict.fromkeys(names, 0.0)
        for name, values in _present(architectures, names):
            positive = values[values > 0]
            lowest[name] = min(lowest[name], float(positive.min(initial=np.inf)))
            highest[name] = max(highest[name], float(positive.max(initial=0)))
        units = {name: lowest[name] if highest[name] >= DECADES * lowest[name] else None for name in names}
        means = _means(architectures, {name: AttributeScale(name, unit, 0.0, 1.0) for name, unit in units.items()})
        centred = {name: AttributeScale(name, units[name], mean, 1.0) for name, mean in means.items()}
        variances = _means(architectures, centred, squared=True)
        for name, mean in means.items():
            # A constant carries no information; it becomes zero everywhere.
            std = float(np.sqrt(variances[name]))
            found.append(AttributeScale(name, units[name], mean, std if std > SMALLEST * max(1.0, abs(mean)) else 1.0))
        return cls(tuple(found))

    @classmethod
    def from_json(cls, content: Any) -> AttributeScales:
        """What `to_json` gave. Raises ArchflowError if it is damaged."""
        scales = parse(list[ScaleDescription], content, "the attribute scales are damaged", "make the file again")
        made = cls(tuple(AttributeScale(*each) for each in scales))
        if any(each.std < SMALLEST * max(1.0, abs(each.mean)) and each.std != 1 for each in made.scales):
            raise ArchflowError("the attribute scales are damaged: a std is too small; make the file again")
        return made

    def to_json(self) -> list[list]:
        """As JSON keeps it."""
        return [[s.name, s.unit, s.mean, s.std] for s in self.scales]

    def __call__(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """The architectures with these attributes alone, scaled. Missing attributes are NaN, others are dropped.

        Raises:
            ArchflowError: If they have none of the attributes, or have unknown ones while known ones are missing: a
                missing or renamed column would otherwise silently change predictions.
        """
        if not self.scales:
            return architectures if architectures.attributes is None else architectures.with_attributes(None, ())
        found = architectures.attribute_names
        known = [scale.name for scale in self.scales if not scale.name.startswith(POSITION)]
        missing = [name for name in known if name not in found]
        other = [name for name in found if name not in known and not name.startswith(POSITION)]
        if missing and len(architectures) and (other or len(missing) == len(known)):
            raise ArchflowError(
                f"the encoder reads the node attributes {', '.join(known)}; these architectures have "
                f"{', '.join(found) or 'none'}: give them {', '.join(missing)}, NaN where it does not apply"
            )
        columns = [scale(architectures.attribute(scale.name)) for scale in self.scales]
        return architectures.with_attributes(np.stack(columns, 1), [scale.name for scale in self.scales])


NO_ATTRIBUTES = AttributeScales()
"""The scales of an encoder that reads operations alone."""


BLOCK = 1 << 20
"""Numbers that are summed at once. Sums are those of blocks of this size, so that they are the same to the last bit in
whatever parts a set is read."""


def _present(architectures: ArchitectureSet, names: Iterable[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The name and the values that are there of every attribute, part by part of the set."""
    for some in architectures.pieces():
        for name in names:
            values = some.attribute(name)
            yield name, values[~np.isnan(values)]


def _means(
    architectures: ArchitectureSet, scales: Mapping[str, AttributeScale], squared: bool = False
) -> dict[str, float]:
    """The mean of each attribute as its scale sees it, or of its squared distance from the scale's mean.

    An attribute without values has none.
    """
    sums, counts = dict.fromkeys(scales, 0.0), dict.fromkeys(scales, 0)
    left = dict.fromkeys(scales, np.zeros(0, np.float32))
    for name, more in _present(architectures, scales):
        values = np.concatenate([left[name], more])
        counts[name] += len(more)
        whole = len(values) // BLOCK * BLOCK
        left[name] = values[whole:]
        for first in range(0, whole, BLOCK):
            sums[name] += _sum(scales[name], values[first : first + BLOCK], squared)
    return {
        name: (sums[name] + _sum(scales[name], left[name], squared)) / count for name, count in counts.items() if count
    }


def _sum(scale: AttributeScale, values: NDArray[np.float32], squared: bool) -> float:
    seen = scale.seen(values)
    return float((np.square(seen - scale.mean) if squared else seen).sum())
