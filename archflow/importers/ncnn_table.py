"""Tables of ncnn's graphs: a row for each, its layers' parameters as text."""

from __future__ import annotations

from archflow.importers.base import IMPORTERS
from archflow.importers.foreign_tables import Row, TableImporter, predecessors
from archflow.importers.model import ImportedModel, imported
from archflow.importers.ncnn_layers import Layer, put_layer
from archflow.importers.ncnn_param import parsed_numbers, shapes_of
from archflow.importers.steps import Steps


@IMPORTERS.register("ncnn_table")
class NcnnTableImporter(TableImporter):
    """Columns `model`, `ops` (layers of ncnn), `attrs` (parameters by number), `out_shapes` (hints)."""

    form = "a table of ncnn's graphs (.parquet with model, ops, attrs, out_shapes)"
    columns = frozenset(("model", "ops", "edge_src", "edge_dst", "attrs", "out_shapes"))
    others = frozenset(("in_shapes",))

    def model(self, row: Row) -> ImportedModel:
        steps, made = Steps(), list[int]()
        for number, before in enumerate(predecessors(row)):
            hint = (
                [float(each) for each in row["out_shapes"][number].split(",")[1:]] if row["out_shapes"][number] else []
            )
            numbers = parsed_numbers(row["attrs"][number].split())
            layer = Layer(row["ops"][number], f"layer{number}", numbers, shapes_of(hint))
            made.append(put_layer(steps, layer, [made[each] for each in before]))
        return imported(row["model"], steps, steps.ends())
