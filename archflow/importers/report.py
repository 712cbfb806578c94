"""What came of importing: how many models, and which operations stayed opaque."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archflow.importers.base import import_models
from archflow.importers.model import ImportedModel, table_of

_LISTED = 12


class Report:
    """Counts models while they are imported."""

    def __init__(self) -> None:
        self.models, self.nodes = 0, 0
        self.opaque: Counter[str] = Counter()
        self.notes: list[str] = []

    def write(self, sources: Iterable[str], inputs: str | None, out: Path, *, per_example: bool = False) -> None:
        """Import models and write their table. Raises ArchflowError as `import_models` does."""
        table_of(self.counting(import_models(sources, inputs, per_example=per_example))).write(out)

    def counting(self, models: Iterable[ImportedModel]) -> Iterator[ImportedModel]:
        """The models, each counted."""
        for model in models:
            self.models += 1
            self.nodes += len(model.architecture.ops)
            self.opaque.update(model.opaque)
            self.notes.extend(f"{model.name}: {note}" for note in model.notes)
            yield model

    def sentence(self) -> str:
        """All of it in one line."""
        counted = f"{self.models:,} model{'s' if self.models != 1 else ''}, {self.nodes:,} nodes"
        if not self.opaque:
            return f"{counted}; every operation is known"
        listed = ", ".join(f"{op} ({count:,})" for op, count in self.opaque.most_common(_LISTED))
        more = f" and {len(self.opaque) - _LISTED} more" if len(self.opaque) > _LISTED else ""
        return f"{counted}; {self.opaque.total():,} opaque: {listed}{more}"

    def content(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"models": self.models, "nodes": self.nodes, "opaque": dict(self.opaque), "notes": self.notes}
