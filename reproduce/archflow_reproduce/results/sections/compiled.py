"""Results of `archflow bench compiled`."""

from __future__ import annotations

from typing import Annotated, Self

from annotated_types import Gt
from pydantic import model_validator

from archflow.described import Described
from archflow_reproduce.results.compiled_report import compiled_tables
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number


class CompiledEncoder(Described):
    """Times, or the reason why torch cannot compile it."""

    eager_us: Number
    compiled_us: Annotated[Number, Gt(0)] | None = None
    compile_s: Number | None = None
    difference: Number | None = None
    failure: str = ""

    @model_validator(mode="after")
    def _is_timed_or_failed(self) -> Self:
        if not self.failure and None in (self.compiled_us, self.compile_s, self.difference):
            raise ValueError("it has neither times nor a failure")
        return self


class CompiledConfig(Described):
    batch_size: Count
    batches: Count
    passes: Count


class CompiledResult(Described):
    machine: Machine
    config: CompiledConfig
    encoders: dict[str, CompiledEncoder]


def compiled_section(name: str, record: Record, place: str) -> str:
    """The table, and the command."""
    return paragraphs(*compiled_tables(record.content), made_by(record, name, place))


COMPILED = Kind(
    "compiled",
    "Compiled encoders",
    CompiledResult,
    compiled_section,
    "What `torch.compile` would gain in [encoding](scale.md#compiled-encoders).",
    expected=False,
)
"""How the page shows them."""
