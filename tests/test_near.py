"""Hints at names: what is near comes first, and long lists are cut."""

from hypothesis import given
from hypothesis import strategies as st

from archflow.near import alternatives


def test_a_near_name_is_offered_whatever_its_case():
    known = ["Accuracy", "latency", "params"]
    assert alternatives("acuracy", known) == "did you mean 'Accuracy'? there are: Accuracy, latency, params"
    assert alternatives("x", known, listed="columns") == "columns: Accuracy, latency, params"
    assert alternatives("x", []) == "there are: none"


def test_several_near_names_and_long_lists():
    known = [f"metric_{i}" for i in range(100)]
    text = alternatives("metric_", known, most=3)
    assert text.startswith("did you mean 'metric_")
    assert text.count(" or ") == 2
    assert text.endswith("metric_39, ...")


@given(st.text(max_size=9), st.lists(st.text(max_size=9), max_size=9))
def test_any_names_give_a_text_that_lists_them(name, known):
    assert alternatives(name, known).endswith(", ".join(known) or "none")
