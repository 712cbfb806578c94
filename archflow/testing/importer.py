"""The contract of an importer."""

from __future__ import annotations

import math
from collections import Counter

from archflow.errors import ArchflowError
from archflow.importers import ImportedModel, Importer, Source, table_of
from archflow.importers.vocabulary import COLUMNS, MEANINGS, OPERATIONS


def check_importer(importer: type[Importer], source: str, damaged: list[str], inputs: str | None = None) -> None:
    """Check an importer against its contract. Raises AssertionError with the violated clause.

    Args:
        importer: The class of the importer.
        source: A source that it accepts.
        damaged: Sources that look like its own and cannot be imported.
        inputs: The inputs of the networks, if sources do not specify them.
    """
    part = importer()
    assert part.form, "broken: an importer says what its sources look like"
    given = Source(source, inputs)
    assert part.accepts(given), f"broken: it accepts {source}"
    for strange in ("", "\0", "no such file", "/"):
        assert not part.accepts(Source(strange)), f"broken: it accepts no source such as {strange!r}"
    models = list(part.models(given))
    assert models, "broken: a source holds at least one model"
    again = list(part.models(given))
    assert [_all_of(each) for each in again] == [_all_of(each) for each in models], "broken: one source, one result"
    for model in models:
        graph = model.architecture
        assert model.name, "broken: a model has a name"
        assert set(graph.attributes) <= set(MEANINGS), "broken: node attributes are those of the vocabulary"
        assert set(model.columns) == set(COLUMNS), "broken: columns are those of the vocabulary"
        unknown = Counter(op for op in graph.ops if op not in OPERATIONS)
        assert unknown == Counter(model.opaque), "broken: `opaque` counts the operations that the vocabulary lacks"
        assert graph.ops.count("output") >= 1, "broken: a graph has an output"
        assert model.columns["nodes"] == len(graph.ops), "broken: `nodes` counts nodes"
        assert model.columns["opaque"] == unknown.total(), "broken: `opaque` counts opaque nodes"
        macs = [
            value for value, op in zip(graph.attributes.get("macs", ()), graph.ops, strict=False) if op in OPERATIONS
        ]
        total = model.columns["macs"]
        summed = math.isnan(total) or math.isclose(total, math.fsum(macs), rel_tol=1e-5)
        assert summed, f"broken: `macs` sums those of the nodes, {math.fsum(macs)}; it is {total}"
        assert all(source < target for source, target in graph.edges), "broken: edges lead forward"
    assert len(table_of(models)) == len(models), "broken: models make a table"
    for text in damaged:
        refusal = _refusal(part, Source(text, inputs))
        assert refusal is not None, f"broken: {text} is refused by an ArchflowError"
        assert "\n" not in refusal, f"broken: an error is one line; it is {refusal}"


def _refusal(importer: Importer, source: Source) -> str | None:
    """The message of the ArchflowError that importing a source raises; None if it raises none."""
    try:
        list(importer.models(source))
    except ArchflowError as error:
        return str(error)
    return None


def _all_of(model: ImportedModel) -> tuple:
    return model.name, model.architecture, repr(model.columns), model.opaque, model.notes
