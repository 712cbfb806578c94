"""Columns of the table as features: what is known of an architecture apart from its graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features import saved
from archflow.features.base import FEATURES, Features
from archflow.features.category import categories, numbers
from archflow.features.known import known_columns
from archflow.features.ranges import Range
from archflow.features.varying import as_float32, distinct
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.printable import shown

DECADES = 100.0
"""Positive columns also get a column of logarithms if the largest is at least this many times the smallest."""


@FEATURES.register("columns")
@dataclass(frozen=True)
class Columns(Features):
    """Numeric columns as they are, and columns of categories as one column per text.

    Attributes:
        numeric: Numeric columns, and whether their logarithms are included.
        texts: Columns of texts, and the texts that have columns; for any other text these are all 0.
        warnings: A line for each column that was asked for but is of no use.
        ranges: The ranges of the numeric columns; empty if they are not known.
    """

    local: ClassVar[bool] = False

    numeric: tuple[tuple[str, bool], ...] = ()
    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    warnings: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, table: Table) -> Self:
        """Use the columns whose names say that they are known before training (`known_columns`)."""
        return cls.named(table, known_columns(table, ()))

    @classmethod
    def named(cls, table: Table, names: Sequence[str], metrics: Collection[str] = ()) -> Self:
        """Use the columns of these names.

        Args:
            table: The table that holds the columns. Their values decide whether they are numbers or texts.
            names: Names of columns, each once. Constant columns are left out, with a line in `warnings`.
            metrics: The metrics to predict; "-NAME" means column NAME.

        Raises:
            ArchflowError: If a column is missing, is to be predicted, is named twice, or has too many different texts;
                the message names it.
        """
        predicted = {name for metric in metrics for name in (metric, metric.removeprefix("-"))}
        numeric, texts, warnings, ranges = [], [], [], []
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ArchflowError(f"features: column {name!r} is named twice; name it once")
            if name not in table.column_names:
                there = alternatives(name, table.column_names, listed="columns", most=3)
                raise ArchflowError(f"features: the table has no column {shown(name)}; {there}")
            if name in predicted:
                raise ArchflowError(f"features: {name!r} is the metric to predict; leave it out")
            try:
                values = numbers(table, name)
            except ArchflowError:
                found = categories(table, name)
                different = len(found) + (None in table.texts(name))
                if different > 1:
                    texts.append((name, found))
            else:
                there = values[~np.isnan(values)]
                different = len(np.unique(as_float32(there))) + (0 < len(there) < len(values))
                if different > 1:
                    wide = there.min() > 0 and there.max() >= DECADES * there.min()
                    numeric.append((name, bool(wide)))
                    ranges.append(Range.of(values))
            if different < 2:
                what = "holds nothing" if different == 0 else "is the same for all architectures"
                warnings.append(f"features: column {name!r} {what}; it is left out")
        return cls(tuple(numeric), tuple(texts), tuple(warnings), tuple(ranges))

    @cached_property
    def names(self) -> tuple[str, ...]:
        names = [each for name, wide in self.numeric for each in (name, *((f"log:{name}",) if wide else ()))]
        return tuple(distinct(names + [f"{name}={text}" for name, known in self.texts for text in known]))

    def __call__(self, table: Table) -> NDArray[np.float32]:
        for name, _ in (*self.numeric, *self.texts):
            if name not in table.column_names:
                has = (
                    alternatives(name, table.column_names, listed="it has", most=3) if table.column_names else "give it"
                )
                raise ArchflowError(
                    f"the features need column {name!r}, which the table lacks; {has}, or fit without columns "
                    "(--features none, in Python columns=[])"
                )
        columns = []
        for name, wide in self.numeric:
            values = numbers(table, name)
            columns.append(values)
            if wide:
                columns.append(np.log(np.where(values > 0, values, np.nan)))
        for name, known in self.texts:
            texts = np.array(["" if text is None else text for text in table.texts(name)], object)
            columns += [(texts == text).astype(np.float64) for text in known]
        return as_float32(np.stack(columns, 1)) if columns else np.zeros((len(table), 0), np.float32)

    def oddities(self, table: Table) -> dict[str, str]:
        """By name, what is odd about each column that is empty, has gaps or is in another unit in a table.

        Raises:
            ArchflowError: If a numeric column holds something else; the message names the row.
        """
        each, there = zip(self.numeric, self.ranges, strict=False), table.column_names
        found = {name: known.oddity(numbers(table, name)) for (name, _), known in each if name in there}
        for name, known in self.texts:
            if name in there and set(known).isdisjoint(table.texts(name)):
                found[name] = "has none of the texts here that were learnt from"
        return {name: what for name, what in found.items() if what}

    def to_json(self) -> dict[str, Any]:
        return {
            "numeric": [[name, wide] for name, wide in self.numeric],
            "texts": [[name, list(known)] for name, known in self.texts],
            "warnings": list(self.warnings),
            "ranges": [each.to_json() for each in self.ranges],
        }

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        numeric, texts = [], []
        for name, wide in saved.lists(about, "numeric", 2):
            if not isinstance(name, str) or not isinstance(wide, bool):
                raise saved.damaged("a column of numbers has no name")
            numeric.append((name, wide))
        for name, known in saved.lists(about, "texts", 2):
            if not isinstance(name, str):
                raise saved.damaged("a column of texts has no name")
            texts.append((name, saved.texts({name: known}, name)))
        ranges = tuple(map(Range.from_json, saved.lists(about, "ranges", 4)))
        if len(ranges) not in (0, len(numeric)):
            raise saved.damaged("not every column of numbers has a range")
        return cls(tuple(numeric), tuple(texts), saved.texts(about, "warnings"), ranges)
