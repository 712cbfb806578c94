"""What happens when the user acts, without a browser."""

import pytest

from archflow.errors import ArchflowError
from archflow.explore.explored import MAP
from archflow.graph import Architecture

pytest.importorskip("dash_cytoscape", reason="needs the extra `explore`")

from archflow.explore import actions as act
from archflow.graph.table import read_table


def text_of(component) -> str:
    """All text in a component of Dash."""
    if component is None or isinstance(component, str | int | float):
        return str(component or "")
    if isinstance(component, list | tuple):
        return " ".join(map(text_of, component))
    return text_of(getattr(component, "children", None))


def test_what_is_selected(seen):
    region = {"x": [0, 1, 1], "y": [0, 0, 1]}
    assert act.choose("region", region, MAP, None, None, None) == {"kind": "region", "axes": list(MAP), **region}
    assert act.choose("nearest", None, MAP, {"row": 3}, 5, None) == {"kind": "nearest", "row": 3, "count": 5}
    front = act.choose("front", None, MAP, None, None, ["accuracy", "params"])
    table, words = act.list_selection(seen, front, None, "accuracy")
    assert "no other one is better in high accuracy and low params" in words
    assert len(table.children[2].children) == int(words.split()[0])
    assert act.choose("all", region, MAP, None, None, None) is None
    for trigger, message in (("nearest", "Choose an architecture first"), ("front", "choose the columns")):
        with pytest.raises(ArchflowError, match=message):
            act.choose(trigger, None, MAP, None, None, None)


def test_the_table_lists_the_best_first(seen):
    table, words = act.list_selection(seen, None, {"column": "device", "texts": ["phone"]}, "accuracy")
    assert words.startswith("30 of 60 architectures")
    rows = [line.children[0].children.id["row"] for line in table.children[2].children]
    accuracy = seen.values("accuracy")[rows]
    assert (accuracy[:20][:-1] >= accuracy[:20][1:]).all()
    assert "Show row" in table.children[2].children[0].children[0].children.to_plotly_json()["props"]["aria-label"]


def test_filters_show_their_own_controls(seen):
    assert act.rule_of(seen, "accuracy", 1, 2, None, "")[1:] == (False, True, [])
    assert act.rule_of(seen, "device", None, None, None, "")[1:] == (True, False, ["laptop", "phone"])
    assert act.rule_of(seen, None, None, None, None, "")[1:] == (True, True, [])


def test_a_point_is_shown_and_edited(seen):
    row = act.clicked_row(seen, {"points": [{"pointNumber": 2}]}, {"column": "device", "texts": ["laptop"]})
    assert row == 5
    current = act.show(seen, row)
    seen_of = act.view(seen, current)
    assert seen_of["called"] == f"row 5: {seen.table.called(5)}"
    assert len(seen_of["nodes"]) == 8
    operations, own, attributes, attribute = act.node_choices(seen, 1, current)
    assert own in operations
    assert (attributes, attribute) == ([], None)
    other = next(op for op in operations if op != own)
    after = act.edit(seen, "change", current, True, node=1, op=other)
    assert Architecture.from_json(after).ops[1] == other
    assert "edited" in act.view(seen, after)["called"]
    assert text_of(act.view(seen, after)["judgements"]) != text_of(seen_of["judgements"])
    with pytest.raises(ArchflowError, match="nasbench201 has no such architecture"):
        act.edit(seen, "connect", current, True, source=0, target=7)
    with pytest.raises(ArchflowError, match="there is none"):
        act.show(seen, 60)


GIVEN = {"node": None, "op": None, "name": None, "value": None, "source": None, "target": None}
GIVEN |= {"sources": [], "targets": [], "new": None}


def test_nodes_are_added_and_removed(seen):
    current = act.show(seen, 3)
    with pytest.raises(ArchflowError, match="nasbench201 has no such architecture"):
        act.edit(seen, "remove", current, True, **{**GIVEN, "node": 1})
    before = act.view(seen, current)
    given = {**GIVEN, "new": "nor_conv_3x3", "sources": [0], "targets": [7], "node": 7}
    after = act.edit(seen, "add", current, False, **given)
    shown = act.view(seen, after)
    assert after["ops"][1] == "nor_conv_3x3"
    assert act.renumbered(after, given) == [1, None, None, [], []]
    assert [len(shown["nodes"]), *map(len, shown["ends"])] == [9] * 5
    assert shown["done"].startswith("node 1 (nor_conv_3x3) added")
    assert "edited: not in the table" in shown["called"]
    assert text_of(shown["judgements"]) != text_of(before["judgements"])
    again = act.edit(seen, "change", after, False, **{**GIVEN, "node": 2, "op": "none"})
    assert (again["former"][:3], again["moved"]) == ([0, -1, 1], list(range(9)))
    given = {**GIVEN, "node": 1, "source": 0, "target": 2, "sources": [1, 8], "targets": [0]}
    back = act.edit(seen, "remove", after, False, **given)
    assert act.renumbered(back, given) == [None, 0, 1, [7], [0]]
    assert back["former"] == list(range(8))
    assert back["ops"] == current["ops"]
    assert act.show(seen, 3) == current


def test_what_is_shown_is_a_file(seen, tmp_path):
    import base64

    def written(current):
        found = act.export_shown(seen, current, ".jsonl")
        assert found["filename"] == "cells-shown.jsonl"
        path = tmp_path / found["filename"]
        path.write_bytes(base64.b64decode(found["content"]))
        return read_table(path)

    current = act.show(seen, 3)
    assert written(current).native == [seen.table.called(3)]
    given = {**GIVEN, "new": "nor_conv_3x3", "sources": [0], "targets": [7]}
    after = act.edit(seen, "add", current, False, **given)
    table = written(after)
    (judgement,) = act.judged(seen, Architecture.from_json(after), 3)
    assert list(table.architectures) == [Architecture.from_json(after)]
    for name, value in (("predicted", judgement.predicted), ("low", judgement.low), ("high", judgement.high)):
        assert table.metric(f"{name}_accuracy")[0] == pytest.approx(value)
    assert "accuracy" not in table.column_names


def test_an_operation_that_a_predictor_does_not_know_is_refused(seen):
    with pytest.raises(ArchflowError, match="conv_9x9"):
        act.edit(seen, "change", act.show(seen, 0), False, node=1, op="conv_9x9")


def test_two_are_compared(seen):
    first, second = act.show(seen, 1), act.show(seen, 2)
    assert act.compare(seen, None, second, "accuracy")["other"] == ("", [], "", "")
    found = act.compare(seen, first, second, "accuracy")
    assert found["other"][0].startswith("row 1: ")
    assert found["current"][0].startswith("row 2: ")
    assert "Orange raises accuracy" in found["legend"]
    assert "best change" in text_of(found["other"][3])
    assert act.compare(seen, first, second, None)["other"][3] == ""


def test_marks_change_without_the_points(seen):
    change = act.mark_map(seen, {"kind": "nearest", "row": 3, "count": 4}, act.show(seen, 3), *MAP, None)
    places = {operation["location"][1] for operation in change.to_plotly_json()["operations"]}
    assert places == {1, 2, 3}
    assert len(act.draw_map(seen, "accuracy", *MAP, None, None, None)["data"]) == 4


def test_a_selection_is_a_file(seen, tmp_path):
    import base64

    found = act.export(seen, {"kind": "nearest", "row": 3, "count": 4}, None, ".csv")
    assert found["filename"] == "cells-selection.csv"
    path = tmp_path / found["filename"]
    path.write_bytes(base64.b64decode(found["content"]))
    assert len(read_table(path)) == 5
