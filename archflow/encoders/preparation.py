"""The form in which an encoder sees architectures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archflow.described import Described, parse
from archflow.encoders.scales import NO_ATTRIBUTES, AttributeScales
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.effective import view


class PreparationDescription(Described):
    """What `Preparation.to_json` gives."""

    vocabulary: list[str]
    view: str
    positions: bool
    scales: list[Any]


@dataclass(frozen=True)
class Preparation:
    """How architectures are converted to the input that an encoder was built for. Equal preparations give equal sets.

    Attributes:
        vocabulary: The operations that the encoder's ids refer to.
        view: The form in which it sees architectures (`archflow.graph.effective.VIEWS`).
        positions: Whether position attributes are added (`archflow.graph.positions`).
        scales: The attributes that it reads, and how they are scaled.
    """

    vocabulary: Vocabulary
    view: str = "whole"
    positions: bool = False
    scales: AttributeScales = NO_ATTRIBUTES

    def __post_init__(self) -> None:
        view(self.view)

    @classmethod
    def of(
        cls,
        architectures: ArchitectureSet,
        vocabulary: Vocabulary | None = None,
        view: str = "whole",
        positions: bool = False,
    ) -> Preparation:
        """The preparation for architectures such as these, whose attributes set the scales.

        Args:
            architectures: Typical architectures.
            vocabulary: The operations to know; those of the architectures if None.
            view, positions: As above.
        """
        vocabulary = vocabulary or architectures.vocabulary
        unscaled = cls(vocabulary, view, positions)
        return cls(vocabulary, view, positions, AttributeScales.of(unscaled._shown(architectures)))

    @classmethod
    def from_json(cls, content: Any) -> Preparation:
        """What `to_json` gave. Raises ArchflowError if it is damaged."""
        parsed = parse(
            PreparationDescription, content, "the description of the encoder is damaged", "make the file again"
        )
        scales = AttributeScales.from_json(parsed.scales)
        return cls(Vocabulary(tuple(parsed.vocabulary)), parsed.view, parsed.positions, scales)

    def to_json(self) -> dict[str, Any]:
        """The description in JSON form."""
        return {
            "vocabulary": list(self.vocabulary.ops),
            "view": self.view,
            "positions": self.positions,
            "scales": self.scales.to_json(),
        }

    def __call__(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """Convert architectures to the encoder's input.

        Raises:
            ArchflowError: For an operation that the vocabulary lacks; the message names the row.
        """
        known = architectures.recoded(self.vocabulary)
        return known.converted(lambda some: self.scales(self._viewed(some)))

    def _shown(self, architectures: ArchitectureSet) -> ArchitectureSet:
        return architectures.recoded(self.vocabulary).converted(self._viewed)

    def _viewed(self, known: ArchitectureSet) -> ArchitectureSet:
        shown = view(self.view)(known)
        if not self.positions:
            return shown
        from archflow.graph.positions import with_positions

        return with_positions(shown)
