"""The layout: controls have labels, names are unique, nothing needs a mouse."""

from dataclasses import replace

import pytest

pytest.importorskip("dash", reason="needs the extra `explore`")

from dash import dcc, html

from archflow.explore.page import BUTTONS_REMOVED, page


def parts(component):
    yield component
    children = getattr(component, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if hasattr(child, "to_plotly_json"):
            yield from parts(child)


def test_every_control_has_a_label(seen):
    every = list(parts(page(seen)))
    labels = {each.htmlFor for each in every if isinstance(each, html.Label)}
    controls = {each.id for each in every if isinstance(each, dcc.Dropdown | dcc.Input)}
    assert controls == labels
    assert {"colour", "node", "operation", "attribute", "source", "target", "row"} <= controls
    ids = [each.id for each in every if getattr(each, "id", None)]
    assert len(ids) == len(set(ids))


def test_sections_are_named(seen):
    every = list(parts(page(seen)))
    titles = {each.id for each in every if isinstance(each, html.H2)}
    named = {each.to_plotly_json()["props"]["aria-labelledby"] for each in every if isinstance(each, html.Section)}
    assert named == titles
    assert len(named) == 4
    (link,) = (each for each in every if isinstance(each, html.A))
    assert link.href[1:] in titles


def test_the_controls_follow_from_what_is_explored(seen):
    by_id = {each.id: each for each in parts(page(seen)) if getattr(each, "id", None)}
    assert by_id["colour"].value == "predicted_accuracy"
    assert "device" in by_id["colour"].options
    assert "device" not in by_id["across"].options
    assert by_id["stay"].value == ["stay"]
    assert by_id["row"].max == 59
    bare = {
        each.id: each for each in parts(page(replace(seen, predictors=(), space=None))) if getattr(each, "id", None)
    }
    assert bare["stay"].options == bare["metric"].options == []
    assert "sendChartToCloud" in BUTTONS_REMOVED
